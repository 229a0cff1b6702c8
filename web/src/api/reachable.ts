// Whether the server answers. Once it does not, it is asked until it does again.

import { Watched } from "./store";

const PAUSE_MS = 2000;

class Server {
  /** Whether the last thing heard of the server is that it does not answer. */
  readonly gone = new Watched(false);
  private readonly welcomes = new Set<() => void>();

  /** Calls back each time the server is there again. */
  onBack(welcome: () => void): () => void {
    this.welcomes.add(welcome);
    return () => this.welcomes.delete(welcome);
  }

  lost(): void {
    if (this.gone.get()) return;
    this.gone.set(true);
    setTimeout(() => void this.ask(), PAUSE_MS);
  }

  private async ask(): Promise<void> {
    const ready = await fetch("/readyz", { cache: "no-store" }).then(
      (response) => response.ok,
      () => false,
    );
    if (!ready) {
      setTimeout(() => void this.ask(), PAUSE_MS);
      return;
    }
    this.gone.set(false);
    for (const welcome of this.welcomes) welcome();
  }
}

export const server = new Server();
