// What stands around both pages: skip link, the way back, the notice, the help with keys, the foot.

import type { Study } from "./data";
import { h } from "./dom";
import { notice } from "./parts";

export interface Crumb {
  text: string;
  href?: string;
}

export interface HelpKeys {
  title: string;
  keys: [keys: string, meaning: string][];
}

function keyCaps(keys: string): HTMLElement {
  return h("span", { class: "keys" }, ...keys.split(" ").map((key) => h("kbd", {}, key)));
}

function helpDialog(sections: HelpKeys[]): HTMLDialogElement {
  const dialog: HTMLDialogElement = h(
    "dialog",
    { id: "help", "aria-labelledby": "help-title", onclick: (event: MouseEvent) => event.target === dialog && dialog.close() },
    h(
      "div",
      { class: "dialog-body" },
      h("div", { class: "dialog-head" }, h("h2", { id: "help-title" }, "Keyboard"), h("button", { type: "button", class: "quiet", onclick: () => dialog.close() }, "Close")),
      ...sections.flatMap(({ title, keys }) => [
        h("h3", {}, title),
        h("table", { class: "key-table" }, h("tbody", {}, ...keys.map(([cap, meaning]) => h("tr", {}, h("th", { scope: "row" }, keyCaps(cap)), h("td", {}, meaning))))),
      ]),
    ),
  );
  return dialog;
}

// Puts the frame around `page` and gives back where the page's own content goes.
export function buildShell(page: HTMLElement, facts: Pick<Study, "program_version">, crumbs: Crumb[], help: HelpKeys[]): void {
  const dialog = helpDialog([...help, { title: "Everywhere", keys: [["?", "this help"], ["Esc", "close it"], ["Tab", "next control; the first one skips to the content"]] }]);
  const open = () => {
    if (!dialog.open) dialog.showModal();
  };
  const trail = crumbs.map((crumb, i) =>
    h("li", {}, crumb.href ? h("a", { href: crumb.href }, crumb.text) : h("span", { "aria-current": i === crumbs.length - 1 ? "page" : null }, crumb.text)),
  );
  page.tabIndex = -1;
  document.body.prepend(
    h("a", { class: "skip", href: "#page" }, "Skip to the content"),
    h(
      "header",
      { class: "top" },
      h("nav", { "aria-label": "Where you are" }, h("ol", { class: "crumbs" }, h("li", { class: "brand" }, "Mien report"), ...trail)),
      h("button", { type: "button", class: "quiet", "aria-keyshortcuts": "?", onclick: open }, "Keyboard"),
    ),
  );
  page.before(notice());
  document.body.append(
    h("footer", { class: "foot" }, `Made by Mien ${facts.program_version}. The page loads nothing from the network.`),
    dialog,
  );
  addEventListener("keydown", (event) => {
    if (event.key !== "?" || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.target instanceof HTMLElement && event.target.matches("input:not([type=range]), textarea, select")) return;
    event.preventDefault();
    open();
  });
}

export function dialogIsOpen(): boolean {
  return document.querySelector("dialog[open]") !== null;
}
