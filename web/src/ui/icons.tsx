// Line drawings of 16 by 16, in the colour of the text around them.

const PATHS = {
  overview: "M2.5 13.5v-5M6.2 13.5v-9M9.8 13.5v-6M13.5 13.5v-11",
  live: "M1.5 8h3l2-5 3 10 2-5h3",
  calls: "M2.5 4h11M2.5 8h11M2.5 12h7",
  sessions: "M2.5 3.5h11v7h-6l-3 2.5v-2.5h-2z",
  keys: "M9.5 6.5a3 3 0 1 0-2 2.8l1.2 1.2h1.6v1.6h1.6v1.4h1.6v-2.2L9.3 7.5",
  credentials: "M8 1.8l5 2v4c0 3.2-2.1 5.4-5 6.4-2.9-1-5-3.2-5-6.4v-4zM6 8l1.5 1.5L10.2 6.6",
  accounts:
    "M2 3.5h12v9H2zM5.7 8a1.3 1.3 0 1 0 0-2.6 1.3 1.3 0 0 0 0 2.6M3.8 10.6c.2-1 1-1.4 1.9-1.4s1.7.4 1.9 1.4M9.8 6.5h2.2M9.8 9h2.2",
  providers: "M4 3.5h8v3H4zM4 9.5h8v3H4zM8 6.5v3",
  budgets: "M8 2v12M11 4.5C10 3.6 5.4 3 5.4 5.6S11 7.6 11 10.3 6 12.6 4.8 11.4",
  people: "M8 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5M3 13.5c0-2.8 2.2-4 5-4s5 1.2 5 4",
  prices: "M8.5 2.5h5v5l-6 6-5-5zM11 5v.01",
  audit: "M4 2.5h8v11H4zM6.2 5.5h3.6M6.2 8h3.6M6.2 10.5h2",
  connect: "M5.5 2.5v3M10.5 2.5v3M4 5.5h8v2a4 4 0 0 1-8 0zM8 11.5v2",
  menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
  close: "M4 4l8 8M12 4l-8 8",
  sun: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6M8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M3.4 12.6l.7-.7M11.9 4.1l.7-.7",
  out: "M6.5 2.5h-4v11h4M6 8h8M11 5l3 3-3 3",
  search: "M7 12a5 5 0 1 0 0-10 5 5 0 0 0 0 10M10.8 10.8l3 3",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg
      width="16"
      height="16"
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
