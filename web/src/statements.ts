// The sentences that stand beside every number.

export const kNotice = "A label is what raters would call a face, never what a person feels.";
export const kPrior = "Prior: no rating has validated these labels.";
