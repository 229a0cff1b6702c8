import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";
import { server } from "../api/reachable";
import { session } from "../api/session";
import { recall } from "../api/sign_in";
import { useWatched } from "../api/store";
import { Dialog } from "../ui/Dialog";
import { Failed } from "../ui/states";
import { Toasts } from "../ui/Toasts";
import { SignInForm, SignInPage } from "./SignIn";

/** Lets through whoever is signed in. When their session ends, the page stays and is signed in over. */
export function Gate({ children }: { children: ReactNode }) {
  const state = useWatched(session.state);
  const [error, setError] = useState<unknown>();
  const queries = useQueryClient();
  useEffect(() => {
    const ask = () => recall().then(() => setError(undefined), setError);
    void ask();
    return server.onBack(() => {
      if (session.state.get().is === "unknown") void ask();
    });
  }, []);
  if (state.is === "unknown") return error ? <Failed error={error} /> : null;
  if (state.is === "out") return <SignInPage />;
  return (
    <>
      {children}
      <Toasts />
      {state.is === "expired" && (
        <Dialog title="Your session has ended">
          <p>Sign in again to go on. Nothing on this page is lost.</p>
          <SignInForm
            email={state.me.user?.email ?? ""}
            operator={!state.me.user}
            onOther={() => {
              // Nothing of one person is shown to another.
              queries.clear();
              location.reload();
            }}
          />
        </Dialog>
      )}
    </>
  );
}
