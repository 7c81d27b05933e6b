import { registry } from "@web/core/registry";

const PEOPLE = [
    "ФИО;Телефон;Пол;Сумма",
    "Лебедева Анна Сергеевна;8 (916) 123-01-02;ж;1500",
    "Без Номера;;м;2",
].join("\r\n");

function chooseFile({ anchor }) {
    const transfer = new DataTransfer();
    transfer.items.add(new File([PEOPLE], "people.csv", { type: "text/csv" }));
    anchor.files = transfer.files;
    anchor.dispatchEvent(new Event("change", { bubbles: true }));
}

registry.category("web_tour.tours").add("sms_gateway_import", {
    steps: () => [
        {
            content: "open the list",
            trigger: ".o_data_row:contains(Tour customers) td[name=name]",
            run: "click",
        },
        {
            trigger: "button[name=action_import]",
            run: "click",
        },
        {
            content: "choose a file",
            trigger: ".modal .o_field_widget[name=file] input[type=file]:not(:visible)",
            run: chooseFile,
        },
        {
            trigger: ".modal .o_field_widget[name=file] .o_clear_file_button",
        },
        {
            trigger: ".modal button[name=action_read]",
            run: "click",
        },
        {
            content: "the columns are recognised",
            trigger: ".modal .o_data_row:contains(Телефон):contains(Number)",
        },
        {
            trigger: ".modal .o_data_row:contains(Сумма):contains(summa)",
        },
        {
            trigger: ".modal button[name=action_check]",
            run: "click",
        },
        {
            content: "the bad line is shown, and why it is not imported",
            trigger: ".modal .o_data_row:contains(Без Номера):contains(No number)",
        },
        {
            trigger: ".modal button[name=action_import]",
            run: "click",
        },
        {
            content: "the good one is in the list",
            trigger:
                "body:not(:has(.modal)) .o_field_widget[name=member_ids] .o_data_row:contains(+79161230102)",
        },
        {
            content: "who can be reached",
            trigger: "button[name=action_check]",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=reach_summary]:contains(Reachable: 1)",
        },
    ],
});
