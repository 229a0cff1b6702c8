import type { Entry } from "../../api/audit";
import { moment } from "../../format";
import { useNames } from "../../shell/names";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Fact, Facts } from "../../ui/Facts";
import styles from "./Audit.module.css";

/** All that one entry says. */
export function EntryDialog({ entry, onClose }: { entry: Entry; onClose: () => void }) {
  const name = useNames();
  const { actor, subject } = entry;
  const detail = Object.entries(entry.detail ?? {});
  return (
    <Dialog title={`Entry ${entry.seq}: ${entry.action}`} onClose={onClose}>
      <Facts>
        <Fact name="When">{moment(entry.at)}</Fact>
        <Fact name="Who">{[actor.kind, actor.name, actor.id].filter(Boolean).join(" · ")}</Fact>
        <Fact name="What">
          {[subject.kind, subject.name, subject.id].filter(Boolean).join(" · ")}
        </Fact>
        <Fact name="Organization">{entry.org && name(entry.org)}</Fact>
        <Fact name="From">{entry.from}</Fact>
        {detail.map(([key, value]) => (
          <Fact key={key} name={key}>
            {String(value)}
          </Fact>
        ))}
        <Fact name="Hash">
          <code className={styles.hash}>{entry.hash}</code>
        </Fact>
        <Fact name="Hash before">
          <code className={styles.hash}>{entry.prev}</code>
        </Fact>
      </Facts>
      <div>
        <Button autoFocus onClick={onClose}>
          Close
        </Button>
      </div>
    </Dialog>
  );
}
