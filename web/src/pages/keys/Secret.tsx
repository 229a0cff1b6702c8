import { CopyBlock } from "../../ui/Copy";
import styles from "./Secret.module.css";

/** A secret for the only time it is in sight. */
export function Secret({ secret }: { secret: string }) {
  return (
    <div className={styles.secret}>
      <p>Copy it now: it is not stored, and is not shown again.</p>
      <CopyBlock text={secret} label="Secret of the key" />
    </div>
  );
}
