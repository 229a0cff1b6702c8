import { useQuery } from "@tanstack/react-query";
import { head } from "../../api/audit";
import { count } from "../../format";
import { CopyButton } from "../../ui/Copy";
import { Panel } from "../../ui/Panel";
import { Failed, Skeleton } from "../../ui/states";
import styles from "./Audit.module.css";

/** The end of the chain, to be kept where nobody who could change the trail can reach it. */
export function Head() {
  const { data, isError, error, refetch } = useQuery(head());
  return (
    <Panel title="Head of the chain">
      {isError && !data ? (
        <Failed error={error} retry={() => refetch()} />
      ) : (
        <div className={styles.head}>
          <p>
            Keep it elsewhere: <code>tollhouse audit verify --head</code> tells later whether the
            first {count(data?.seq)} entries are still what they were.
            {data ? <code>{data.hash}</code> : <Skeleton height="1rem" />}
          </p>
          {data && <CopyButton text={data.hash} label="Copy head" />}
        </div>
      )}
    </Panel>
  );
}
