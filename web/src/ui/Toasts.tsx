import { useWatched, Watched } from "../api/store";
import { Button } from "./Button";
import { wordsOf } from "./states";
import styles from "./Toasts.module.css";

type Toast = { id: number; tone: "good" | "bad"; text: string };

const SHOWN_MS = 5000;
const toasts = new Watched<Toast[]>([]);
let last = 0;

function show(tone: Toast["tone"], text: string): void {
  last += 1;
  const toast = { id: last, tone, text };
  toasts.set([...toasts.get(), toast]);
  // What went wrong stays until somebody has read it.
  if (tone === "good") setTimeout(() => dismiss(toast.id), SHOWN_MS);
}

function dismiss(id: number): void {
  toasts.set(toasts.get().filter((toast) => toast.id !== id));
}

/** Says in passing what was done. */
export const toast = {
  done: (text: string) => show("good", text),
  failed: (error: unknown) => show("bad", wordsOf(error)),
};

export function Toasts() {
  return (
    <div className={styles.toasts} role="status" aria-live="polite">
      {useWatched(toasts).map(({ id, tone, text }) => (
        <div key={id} className={`${styles.toast} ${styles[tone]}`}>
          <span>{text}</span>
          <Button look="quiet" onClick={() => dismiss(id)} aria-label="Dismiss">
            ✕
          </Button>
        </div>
      ))}
    </div>
  );
}
