import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { type Call as CallRow, call } from "../../api/record";
import { bytes, count, moment, shortId } from "../../format";
import { Named } from "../../shell/Named";
import { CopyBlock, CopyButton } from "../../ui/Copy";
import { Fact, Facts } from "../../ui/Facts";
import { Columns, Page, Stack } from "../../ui/Page";
import { Panel } from "../../ui/Panel";
import { Failed, SkeletonRows } from "../../ui/states";
import { Time } from "../../ui/Time";
import { Arithmetic } from "./Arithmetic";
import { Credential } from "./Credential";
import { headersOf } from "./headers";
import { Outcome } from "./Outcome";
import { Said } from "./Said";
import { indented } from "./said";
import { subagentOf } from "./subagent";
import { Timeline } from "./Timeline";

export function Call() {
  const { id } = useParams({ from: "/calls/$id" });
  const { data, error, refetch } = useQuery(call(id));
  return (
    <Page
      title={`Call ${id.slice(-8)}`}
      about={
        data && (
          <>
            <Outcome outcome={data.outcome} /> <span>{title(data)}</span> <Time at={data.at} />
          </>
        )
      }
      actions={<CopyButton text={id} label="Copy id" />}
    >
      {data ? (
        <Shown call={data} />
      ) : error ? (
        <Failed error={error} retry={() => refetch()} />
      ) : (
        <SkeletonRows rows={12} />
      )}
    </Page>
  );
}

function title({ model_served, model_sent, model_requested, provider }: CallRow): string {
  const model = model_served ?? model_sent ?? model_requested ?? "no model";
  return provider ? `${model} at ${provider}` : model;
}

function Shown({ call }: { call: CallRow }) {
  return (
    <>
      <Panel title="What happened">
        <Timeline call={call} />
      </Panel>
      <Columns>
        <Panel title="Tokens and cost">
          <Arithmetic call={call} />
        </Panel>
        <Who call={call} />
      </Columns>
      <Columns>
        <Where call={call} />
        <Stack>
          <Added call={call} />
          {call.usage_raw && (
            <Panel title="Usage as the provider said it">
              <CopyBlock label="Usage as the provider said it" text={indented(call.usage_raw)} />
            </Panel>
          )}
        </Stack>
      </Columns>
      <Said call={call} />
    </>
  );
}

function Who({ call }: { call: CallRow }) {
  const tags = Object.entries(call.tags ?? {});
  return (
    <Panel title="Who asked">
      <Facts>
        <Fact name="Session">
          <Link to="/sessions/$id" params={{ id: call.session }}>
            {call.session_name ?? shortId(call.session)}
          </Link>
        </Fact>
        <Fact name="Sub-agent">{subagentOf(call)}</Fact>
        <Fact name="Begun by">{call.subagent_parent}</Fact>
        <Fact name="Key">
          <Named id={call.key} />
        </Fact>
        <Fact name="User">{call.user && <Named id={call.user} />}</Fact>
        <Fact name="Organization">{call.org && <Named id={call.org} />}</Fact>
        <Fact name="Caller">{call.caller}</Fact>
        <Fact name="Agent">{call.agent}</Fact>
        <Fact name="From">{call.from}</Fact>
        <Fact name="Tags">{tags.map(([key, value]) => `${key}=${value}`).join(", ")}</Fact>
      </Facts>
    </Panel>
  );
}

function Where({ call }: { call: CallRow }) {
  const translated = call.protocol_sent
    ? `${call.protocol} to ${call.protocol_sent}`
    : call.protocol;
  return (
    <Panel title="How it went up">
      <Facts>
        <Fact name="Admitted">{moment(call.at)}</Fact>
        <Fact name="Operation">
          {call.endpoint}
          {call.stream ? ", streamed" : ""}
        </Fact>
        <Fact name="Mode">{call.mode}</Fact>
        <Fact name="Protocol">{translated}</Fact>
        <Fact name="Model asked for">{call.model_requested}</Fact>
        <Fact name="Model sent">{call.model_sent}</Fact>
        <Fact name="Model that answered">{call.model_served}</Fact>
        <Fact name="Credential">
          <Credential call={call} />
        </Fact>
        <Fact name="Lost in translation">{call.losses?.join(", ")}</Fact>
        <Fact name="Provider's request id">{call.upstream_request_id}</Fact>
        <Fact name="Object upstream">{call.upstream_object}</Fact>
        <Fact name="Received, sent">{`${bytes(call.bytes_in)}, ${bytes(call.bytes_out)}`}</Fact>
        <Fact name="Configuration">{`revision ${count(call.snapshot_revision)}`}</Fact>
      </Facts>
    </Panel>
  );
}

/** What the answer said of itself, for whoever looks at it from the other side. */
function Added({ call }: { call: CallRow }) {
  const lines = headersOf(call).map(([name, value]) => `${name}: ${value}`);
  return (
    <Panel title="Headers we added">
      <CopyBlock label="Headers we added" text={lines.join("\n")} />
    </Panel>
  );
}
