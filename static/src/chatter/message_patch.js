import { Message } from "@mail/core/common/message";
import { user } from "@web/core/user";
import { patch } from "@web/core/utils/patch";

// What the chatter tells of an SMS leads to its story in the gateway.
patch(Message.prototype, {
    get attClass() {
        return { ...super.attClass, o_sms_gateway_told: Boolean(this.message.sms_gateway) };
    },

    async onClickNotification(ev) {
        return (await this.openGatewayMessage()) || super.onClickNotification(ev);
    },

    /** Open what the message went out as, if it went through us.
     *
     * @returns {Promise<boolean>} whether there is something to open
     */
    async openGatewayMessage() {
        const action = await this.findGatewayAction();
        if (action) {
            await this.env.services.action.doAction(action);
        }
        return Boolean(action);
    },

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
