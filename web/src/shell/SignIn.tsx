import { useQuery } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { type Proof, signIn, ssoStart, ways } from "../api/sign_in";
import { Button } from "../ui/Button";
import { TextField } from "../ui/Field";
import { wordsOf } from "../ui/states";
import { Mark } from "./Mark";
import styles from "./SignIn.module.css";

type Props = {
  /** Whose session it was. */
  email?: string;
  /** Whether it was the administrator's. */
  operator?: boolean;
  /** Called when somebody else signed in than was signed in before. */
  onOther?: () => void;
};

/** Every way in that there is. */
export function SignInForm({ email = "", operator = false, onOther }: Props) {
  // Until it is known, what is always there: nothing jumps for most.
  const { data = { password: true, sso: false, token: true } } = useQuery(ways());
  const [byToken, setByToken] = useState(operator);
  const token = data.token && (byToken || !data.password);
  return (
    <div className={styles.ways}>
      {data.sso && (
        <a className={styles.sso} href={ssoStart(location.pathname + location.search)}>
          Sign in with single sign-on
        </a>
      )}
      {token ? (
        <ProofForm
          key="token"
          read={(form) => ({ token: String(form.get("token")).trim() })}
          onOther={onOther}
        >
          <TextField
            label="Administrator's token"
            name="token"
            type="password"
            autoComplete="off"
            hint="In admin.token of the data directory, unless the configuration says otherwise"
            autoFocus
            required
          />
        </ProofForm>
      ) : (
        data.password && (
          <ProofForm
            key="password"
            read={(form) => ({
              email: String(form.get("email")),
              password: String(form.get("password")),
            })}
            onOther={onOther}
          >
            <TextField
              label="Email"
              name="email"
              type="email"
              autoComplete="username"
              defaultValue={email}
              autoFocus={!email}
              required
            />
            <TextField
              label="Password"
              name="password"
              type="password"
              autoComplete="current-password"
              autoFocus={Boolean(email)}
              required
            />
          </ProofForm>
        )
      )}
      {data.token && data.password && (
        <Button look="quiet" onClick={() => setByToken(!token)}>
          {token ? "Use an email and a password" : "Use the administrator's token"}
        </Button>
      )}
    </div>
  );
}

type ProofProps = {
  read: (form: FormData) => Proof;
  onOther: (() => void) | undefined;
  children: ReactNode;
};

function ProofForm({ read, onOther, children }: ProofProps) {
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const proof = read(new FormData(event.currentTarget));
    setBusy(true);
    setError(undefined);
    try {
      if (await signIn(proof)) onOther?.();
    } catch (failure) {
      setError(wordsOf(failure));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      {children}
      <p className={styles.error} role="alert">
        {error}
      </p>
      <Button type="submit" look="primary" busy={busy}>
        Sign in
      </Button>
    </form>
  );
}

export function SignInPage() {
  useEffect(() => {
    document.title = "Sign in · Tollhouse";
  }, []);
  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <header className={styles.head}>
          <Mark />
          <h1>Sign in to Tollhouse</h1>
        </header>
        <SignInForm />
      </div>
    </main>
  );
}
