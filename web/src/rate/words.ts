// The page's own words in English. A study gives them in its languages under [interface.LANGUAGE];
// {n} and {of} are numbers.

export const kWords = {
  agree: "I have read this and agree to take part",
  another: "Begin another session",
  answered: "Answer kept. Next clip.",
  cannot_tell: "Cannot tell",
  closed: "Your part in this study has ended. Thank you.",
  comment: "In your own words (optional)",
  confirm_withdraw: "Yes, delete all my answers",
  decline: "I do not want to take part",
  declined: "You do not take part. Nothing was kept. You can close this page.",
  decrease_speed: "Slower",
  increase_speed: "Faster",
  invitation: "This page needs an invitation link. Please open the link that you were given.",
  labels: "What would you call this face?",
  leave: "Stop or withdraw",
  no_clip: "This clip cannot be shown. Please skip it.",
  none: "None of these",
  nothing_left: "There is nothing left to rate. Thank you.",
  offline: "No connection. Your answers are kept and will be sent.",
  paused: "The study is paused. Please come back later.",
  pause: "Pause",
  play: "Play",
  progress: "Clip {n} of {of}",
  session_done: "This session is done. Thank you.",
  simulated: "Simulated study: no people rate here.",
  skip: "Skip this clip",
  stop: "Stop now; my answers may be used",
  stopped: "You have stopped. Your answers are kept. Thank you.",
  submit: "Next",
  undo: "Back to the clip before",
  watch: "Please watch the clip first.",
  withdraw: "Withdraw; delete all my answers",
  withdrawn: "You have withdrawn. Your answers are deleted. You can close this page.",
  clip: "Clip without sound, played again and again",
} as const;

export type Word = keyof typeof kWords;

export class Words {
  constructor(private readonly own: Partial<Record<string, string>>) {}
  of(word: Word, numbers: Record<string, number> = {}): string {
    const text = this.own[word] ?? kWords[word];
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in numbers ? String(numbers[name]) : whole));
  }
}

const kRightToLeft = new Set(["ar", "arc", "ckb", "dv", "fa", "he", "ks", "ku-arab", "ps", "sd", "syr", "ug", "ur", "yi"]);

export function direction(language: string): "rtl" | "ltr" {
  const code = language.toLowerCase();
  return kRightToLeft.has(code) || kRightToLeft.has(code.split("-")[0]!) ? "rtl" : "ltr";
}
