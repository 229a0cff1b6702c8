/** The gate: the mark of the house. */
export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="var(--accent)" />
      <path d="M7 24V13l9-6 9 6v11h-4v-7a5 5 0 0 0-10 0v7z" fill="var(--on-accent)" />
    </svg>
  );
}
