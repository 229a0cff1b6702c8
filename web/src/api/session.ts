// Who is signed in. A session that ends is noticed at the next request, which then waits here until
// somebody has signed in again.

import type { components } from "./schema";
import { Watched } from "./store";

export type Me = components["schemas"]["Me"];

export type SessionState =
  /** Not asked yet. */
  | { is: "unknown" }
  /** Nobody. */
  | { is: "out" }
  | { is: "in"; me: Me }
  /** Was open, and the page is still there: sign in over it. */
  | { is: "expired"; me: Me };

class Session {
  readonly state = new Watched<SessionState>({ is: "unknown" });
  private waiting: (() => void)[] = [];

  /** What requests that change something send along. */
  csrf(): string | undefined {
    const state = this.state.get();
    return "me" in state ? (state.me.csrf ?? undefined) : undefined;
  }

  isOpen(): boolean {
    return "me" in this.state.get();
  }

  /** Settles when somebody has signed in again. */
  renewal(): Promise<void> {
    const state = this.state.get();
    if (state.is === "in") this.state.set({ is: "expired", me: state.me });
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  opened(me: Me): void {
    this.state.set({ is: "in", me });
    for (const go of this.waiting.splice(0)) go();
  }

  closed(): void {
    this.state.set({ is: "out" });
  }
}

export const session = new Session();
