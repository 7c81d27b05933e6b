import { registry } from "@web/core/registry";
import { say } from "./language";

const PEOPLE = [
    "Список клиентов на 28.11.2026",
    "ФИО;Телефон;Мобильный;Пол",
    "Лебедева Анна Сергеевна;9031230102;8 (916) 123-01-02;ж",
    "Без Номера;;;м",
].join("\r\n");

const NO_ROWS = () =>
    say(
        "There are no rows below the header row. Go back and check the sheet and the header row number, or select another file."
    );

function chooseFile(content) {
    return ({ anchor }) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([content], "people.csv", { type: "text/csv" }));
        anchor.files = transfer.files;
        anchor.dispatchEvent(new Event("change", { bubbles: true }));
    };
}

function openImport() {
    return [
        {
            content: "open the list",
            trigger: ".o_data_row:contains(Tour customers) td[name=name]",
            run: "click",
        },
        {
            trigger: "button[name=action_import]",
            run: "click",
        },
    ];
}

registry.category("web_tour.tours").add("sms_gateway_import", {
    timeout: 30_000,
    steps: () => [
        ...openImport(),
        {
            content: "choose a file",
            trigger: ".modal .o_field_widget[name=file] input[type=file]:not(:visible)",
            run: chooseFile(PEOPLE),
        },
        {
            trigger: ".modal .o_field_widget[name=file] .o_clear_file_button",
        },
        {
            trigger: ".modal button[name=action_read]",
            run: "click",
        },
        {
            content: "the header below the title is recognised",
            trigger: ".modal .o_field_widget[name=header_line] input:value(2)",
        },
        {
            content: "another line is not the header",
            trigger: ".modal .o_field_widget[name=header_line] input",
            run: "edit 1 && press Tab",
        },
        {
            trigger: ".modal .o_data_row:contains(Список клиентов)",
        },
        {
            content: "the right one is",
            trigger: ".modal .o_field_widget[name=header_line] input",
            run: "edit 2 && press Tab",
        },
        {
            trigger: `.modal .o_data_row:contains(ФИО):contains(${say("Full name")})`,
        },
        {
            content: "which column has the numbers is asked",
            trigger: ".modal div[name=phone_doubt]:contains(Телефон):contains(Мобильный)",
        },
        {
            content: "a number is shown as it is read",
            trigger:
                ".modal .o_data_row:contains(Мобильный):contains(+7 916 123-01-02) td[name=target]",
            run: "click",
        },
        {
            trigger: ".modal .o_selected_row td[name=target] .o_select_menu_toggler",
            run: "click",
        },
        {
            trigger: `.o_select_menu_item:contains(/^${say("Number")}$/)`,
            run: "click",
        },
        {
            content: "the question is answered",
            trigger: ".modal:not(:has(div[name=phone_doubt]))",
        },
        {
            trigger: ".modal button[name=action_check]",
            run: "click",
        },
        {
            content: "the bad line is shown, and why it is not imported",
            trigger: `.modal .o_data_row:contains(Без Номера):contains(${say("No number")})`,
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
            trigger: `.o_field_widget[name=reach_summary]:contains(${say("Reachable")}: 1)`,
        },
    ],
});

registry.category("web_tour.tours").add("sms_gateway_import_nothing", {
    timeout: 30_000,
    steps: () => [
        ...openImport(),
        {
            content: "go on without a file",
            trigger: ".modal button[name=action_read]",
            run: "click",
        },
        {
            content: "the file is asked for",
            trigger: `.o_error_dialog:contains(${say("Select a file first.")})`,
        },
        {
            trigger: ".o_error_dialog .modal-footer button",
            run: "click",
        },
        {
            content: "choose a file without people",
            trigger: ".modal .o_field_widget[name=file] input[type=file]:not(:visible)",
            run: chooseFile("ФИО;Телефон"),
        },
        {
            trigger: ".modal .o_field_widget[name=file] .o_clear_file_button",
        },
        {
            trigger: ".modal button[name=action_read]",
            run: "click",
        },
        {
            trigger: ".modal button[name=action_check]",
            run: "click",
        },
        {
            content: "it is told that there is nothing to import, and what to do",
            trigger: `.modal .alert:contains(${NO_ROWS()})`,
        },
        {
            trigger: ".modal:not(:has(button[name=action_import]))",
        },
        {
            trigger: ".modal-footer button[special=cancel]",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal))",
        },
    ],
});
