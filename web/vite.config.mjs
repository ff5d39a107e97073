// One classic script and one style sheet an entry: browsers refuse modules and fetch() over file://.
import { defineConfig } from "vite";

const kEntries = {
  report: { file: "src/main.ts", name: "mienReport" }, // videos
  study: { file: "src/maps/main.ts", name: "mienStudy" },
  rate: { file: "src/rate/main.ts", name: "mienRate" }, // of mien rate serve
  research: { file: "src/research/main.ts", name: "mienResearch" },
};
const entry = process.env.MIEN_WEB_ENTRY ?? "report";

export default defineConfig({
  root: import.meta.dirname,
  publicDir: false,
  logLevel: "warn",
  build: {
    outDir: process.env.MIEN_WEB_OUT ?? "../build/web",
    emptyOutDir: false,
    target: "es2022",
    cssCodeSplit: false,
    reportCompressedSize: false,
    lib: {
      entry: kEntries[entry].file,
      formats: ["iife"],
      name: kEntries[entry].name,
      fileName: () => `${entry}.js`,
      cssFileName: entry,
    },
  },
});
