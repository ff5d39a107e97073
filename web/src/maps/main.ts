// The one script of the pages of maps; the body says which page it is.

import "../style.css";
import "./study.css";
import { h } from "../dom";
import { claimsPage } from "./claims";
import { confoundsPage } from "./confounds";
import { contextsPage } from "./contexts";
import { facesPage } from "./faces";
import { mapsPage } from "./maps";
import { methodPage } from "./method";
import { overviewPage } from "./overview";
import { preservedPage } from "./preserved";
import { publishedPage } from "./published";
import { regionsPage } from "./regions";
import { similarityPage } from "./similarity";
import { worldPage } from "./world";

const kPages: Record<string, (page: HTMLElement) => void> = {
  index: overviewPage,
  maps: mapsPage,
  regions: regionsPage,
  claims: claimsPage,
  similarity: similarityPage,
  preserved: preservedPage,
  contexts: contextsPage,
  confounds: confoundsPage,
  world: worldPage,
  faces: facesPage,
  published: publishedPage,
  method: methodPage,
};

const page = document.getElementById("page");
if (page) {
  try {
    kPages[document.body.dataset.page ?? "index"]?.(page);
    document.body.dataset.ready = "true";
  } catch (error) {
    page.append(h("p", { class: "alert failed", role: "alert" }, `This page could not be drawn: ${error instanceof Error ? error.message : String(error)}.`));
    throw error;
  }
}
