import { Message } from "@mail/core/common/message";
import { user } from "@web/core/user";
import { patch } from "@web/core/utils/patch";

// What the chatter tells of an SMS leads to its story in the gateway.
patch(Message.prototype, {
    async onClickNotification(ev) {
        const action = await this.findGatewayAction();
        if (action) {
            return this.env.services.action.doAction(action);
        }
        return super.onClickNotification(ev);
    },

    /** The action that opens what the message went out as, if it went through us. */
    async findGatewayAction() {
        const isOurs =
            this.message.message_type === "sms" &&
            (await user.hasGroup("crm_sms_gateway.group_user"));
        return (
            isOurs &&
            this.env.services.orm.call("sms.gateway.message", "action_open_of_note", [
                this.message.id,
            ])
        );
    },
});
