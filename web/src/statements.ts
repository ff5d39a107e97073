// The sentences that stand beside every number.

export const kNotice = "A label is what raters would call a face, never what a person feels.";
export const kPrior = "Prior: no rating has validated these labels.";

// What a figure is marked with where its numbers must not be taken for findings.
export interface Mark {
  badge: string;
  words: string; // in the note and the export
  across: string; // over the picture
  acrossNarrow: string;
  validity: string; // a column of every CSV
}

export const kPriorMark: Mark = {
  badge: "Prior, not validated",
  words: kPrior,
  across: "PRIOR · VALIDATED BY NO RATING",
  acrossNarrow: "PRIOR · NOT VALIDATED",
  validity: "prior: no rating has validated these values",
};

export const kSimulatedMark: Mark = {
  badge: "Simulated",
  words: "Simulated: drawn from a declared model, nobody's faces.",
  across: "SIMULATED · NOBODY'S FACES",
  acrossNarrow: "SIMULATED",
  validity: "simulated: drawn from a declared model, nobody's faces",
};
