// Rules for the JavaScript of static/, which Odoo's web client and its test runner load.
// scripts/lint installs eslint into .local and sets NODE_PATH.
const js = require("@eslint/js");

const readonly = (...names) => Object.fromEntries(names.map((name) => [name, "readonly"]));

module.exports = [
    js.configs.recommended,
    {
        files: ["static/**/*.js"],
        languageOptions: {
            ecmaVersion: 2022,
            sourceType: "module",
            globals: readonly(
                ...["Chart", "luxon", "odoo"], // Odoo's and its libraries'
                "axe", // of the tests of accessibility
                ...["Blob", "DataTransfer", "Event", "File", "console", "document", "window"]
            ),
        },
        linterOptions: { reportUnusedDisableDirectives: "error" },
        rules: {
            curly: "error",
            eqeqeq: "error",
            "no-var": "error",
            "prefer-const": "error",
        },
    },
];
