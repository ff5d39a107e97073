// What the page asks of the server. The token is sent in a header alone, never in an address.

export interface Lent {
  place: number;
  duration_s: number;
  mp4: boolean;
  webm: boolean;
  warning: string;
}
export type State = "consent" | "rating" | "session_done" | "nothing_left" | "paused" | "stopped" | "closed";
export interface View {
  state: State;
  clips: Lent[];
  answered: number;
  session_clips: number;
  sessions_left: number;
}
export interface Label {
  id: string;
  words: string;
  description?: string;
}
export interface Study {
  rater: string;
  language: string;
  title: string;
  instructions: string;
  consent: string;
  warning: string;
  contact: string;
  simulated: boolean;
  choice: "single" | "multiple" | "intensity";
  steps: number;
  none: boolean;
  cannot_tell: boolean;
  free_text: boolean;
  minimum_viewing_s: number;
  pay_amount: number;
  pay_currency: string;
  labels: Label[];
  interface: Record<string, string>;
}
export interface Answer {
  id: string;
  place: number;
  outcome: "rated" | "none" | "cannot_tell" | "skipped";
  values: Record<string, number>;
  comment: string;
  response_ms: number | null;
  viewed_ms: number | null;
  viewed_fully: boolean;
  speed: number;
  revises: string;
}
export interface Receipt {
  id: string;
  status: "stored" | "known" | "refused";
  reason: string;
}

// The server answered, and not with what was asked.
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export class Server {
  constructor(private readonly token: string) {}

  async study(): Promise<Study> {
    return (await this.send("/api/study")).json() as Promise<Study>;
  }
  async post<T = View>(path: string, body: object = {}): Promise<T> {
    return (await this.send(path, body)).json() as Promise<T>;
  }
  async clip(lent: Lent, webm: boolean): Promise<Blob> {
    return (await this.send(`/api/clips/${lent.place}.${webm ? "webm" : "mp4"}`)).blob();
  }

  private async send(path: string, body?: object): Promise<Response> {
    const headers: Record<string, string> = this.token ? { Authorization: `Bearer ${this.token}` } : {};
    if (body) headers["Content-Type"] = "application/json";
    const response = await fetch(path, {
      method: body ? "POST" : "GET",
      headers,
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(20_000),
    });
    // 5xx: try again later, as without a connection.
    if (response.status >= 500) throw new TypeError(`the server says ${response.status}`);
    if (!response.ok) {
      const told = (await response.json().catch(() => null)) as { error?: { message?: string } } | null;
      throw new Refused(response.status, told?.error?.message ?? response.statusText);
    }
    return response;
  }
}
