import { Message } from "@mail/core/common/message_model";
import { fields } from "@mail/core/common/record";
import { patch } from "@web/core/utils/patch";

patch(Message.prototype, {
    setup() {
        super.setup(...arguments);
        /** What became of an SMS: label, tone, reason and may_open. */
        this.sms_gateway = fields.Attr();
    },
});
