import { type FormEvent, useEffect, useState } from "react";
import { signIn } from "../api/sign_in";
import { Button } from "../ui/Button";
import { TextField } from "../ui/Field";
import { wordsOf } from "../ui/states";
import { Mark } from "./Mark";
import styles from "./SignIn.module.css";

type Props = {
  /** Whose session it was. */
  email?: string;
  /** Called when somebody else signed in than was signed in before. */
  onOther?: () => void;
};

export function SignInForm({ email = "", onOther }: Props) {
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setError(undefined);
    try {
      const other = await signIn(String(form.get("email")), String(form.get("password")));
      if (other) onOther?.();
    } catch (failure) {
      setError(wordsOf(failure));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form className={styles.form} onSubmit={submit}>
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
