// Answers on their way: kept on this device until the server says that it has them. Each has an id
// made here, so that one sent twice is counted once; they are sent in their order.

import { type Answer, type Receipt, type Server, Refused, type View } from "./server";

const kKey = "mien-answers";
const kAtOnce = 50;

export function newId(): string {
  return crypto.randomUUID();
}

export class Outbox {
  private waiting: Answer[];
  private sending = false;

  constructor(private readonly server: Server) {
    this.waiting = JSON.parse(localStorage.getItem(kKey) ?? "[]") as Answer[];
  }

  get size(): number {
    return this.waiting.length;
  }
  // The places of answers that the server may not have.
  places(): Set<number> {
    return new Set(this.waiting.map((answer) => answer.place));
  }
  put(answer: Answer): void {
    this.waiting.push(answer);
    this.keep();
  }
  clear(): void {
    this.waiting = [];
    this.keep();
  }

  // Sends what waits; null: nothing was sent, or somebody is sending already. Throws where there is
  // no connection.
  async flush(): Promise<View | null> {
    if (this.sending || this.waiting.length === 0) return null;
    this.sending = true;
    try {
      let view: View | null = null;
      while (this.waiting.length > 0) {
        const some = this.waiting.slice(0, kAtOnce);
        const response = await this.server.post<View & { receipts: Receipt[] }>("/api/answers", { answers: some });
        for (const receipt of response.receipts) {
          if (receipt.status === "refused") console.warn(`answer ${receipt.id} was refused: ${receipt.reason}`);
        }
        const settled = new Set(response.receipts.map((receipt) => receipt.id));
        this.waiting = this.waiting.filter((answer) => !settled.has(answer.id));
        this.keep();
        view = response;
      }
      return view;
    } catch (error) {
      if (error instanceof Refused && error.status === 400) this.clear(); // never to be taken
      throw error;
    } finally {
      this.sending = false;
    }
  }

  private keep(): void {
    if (this.waiting.length === 0) localStorage.removeItem(kKey);
    else localStorage.setItem(kKey, JSON.stringify(this.waiting));
  }
}
