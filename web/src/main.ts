// The one script of all pages; the body says which page it is.

import "./style.css";
import { buildStudyPage } from "./pages/study";
import { buildVideoPage } from "./pages/video";
import { h } from "./dom";

const page = document.getElementById("page");
if (page) {
  try {
    if (document.body.dataset.page === "video") buildVideoPage(page);
    else buildStudyPage(page);
    document.body.dataset.ready = "true";
  } catch (error) {
    page.append(h("p", { class: "alert failed", role: "alert" }, `This page could not be drawn: ${error instanceof Error ? error.message : String(error)}.`));
    throw error;
  }
}
