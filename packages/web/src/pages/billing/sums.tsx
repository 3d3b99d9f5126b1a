/** What the server will say about a payment. It says nothing yet, so nothing is made up. */
export function Sums({ rows }: { rows: readonly string[] }) {
  return (
    <dl className="grid gap-1.5 border-y border-line py-3 text-sm">
      {rows.map((name) => (
        <div key={name} className="flex justify-between gap-4">
          <dt className="text-soft">{name}</dt>
          <dd className="text-soft">not known yet</dd>
        </div>
      ))}
    </dl>
  );
}
