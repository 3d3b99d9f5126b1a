const HOUR_MS = 3_600_000;

/** What must hold of what owners of nodes earn. */
export const EARNINGS_INVARIANTS = {
  'E1 earnings are a share of charges': {
    means:
      'each earning of a request stands right behind its charges, is at most what was charged, of a node, and not for who paid',
    broken: `
      SELECT 'earning ' || t.seq || coalesce(' of ' || r.request_id, '') FROM transfer t
        LEFT JOIN receipt r ON r.seq = t.receipt
        LEFT JOIN service v ON v.id = r.service
        LEFT JOIN served s ON s.id = t.served
        LEFT JOIN account payer ON payer.id = r.account
        LEFT JOIN account earner ON earner.id = t.credit
      WHERE t.code = 9 AND t.id IS NULL AND (r.seq IS NULL OR t.seq <> r.seq + r.legs + 1 OR t.amount > r.charged
        OR v.route_kind <> 'pool' OR s.node_id IS NULL OR s.node_id = '' OR s.node_id <> v.node_id
        OR earner.kind IS NOT 'earned' OR earner.owner = payer.owner)
      UNION ALL
      SELECT coalesce(t.id, 'transfer ' || t.seq) FROM transfer t
        LEFT JOIN account d ON d.id = t.debit LEFT JOIN account c ON c.id = t.credit
      WHERE (t.code = 9 AND (c.kind IS NOT 'earned' OR d.kind NOT IN ('expense:earnings', 'expense:canary')))
        OR (t.code = 10 AND (d.kind IS NOT 'earned' OR c.kind IS NOT 'payable' OR c.owner <> d.owner))
        OR (t.code = 11 AND (d.kind IS NOT 'earned' OR c.kind IS NOT 'expense:earnings'))
        OR (t.code = 12 AND (d.kind IS NOT 'expense:earnings' OR c.kind IS NOT 'earned'))
        OR (t.code = 13 AND (d.kind IS NOT 'payable' OR c.kind IS NOT 'cash'))
        OR (t.code NOT IN (9, 10, 11, 12, 13) AND ('earned' IN (c.kind, d.kind) OR 'payable' IN (c.kind, d.kind)))`,
  },
  'E2 earnings add up': {
    means: 'for each owner, what is pending, payable and paid is all that was earned and not taken back',
    broken: `
      WITH
        moved AS (
          SELECT account, sum(iif(code IN (9, 12), amount, 0)) AS earned, sum(iif(code = 11, amount, 0)) AS reversed,
            sum(iif(code = 10, amount, 0)) AS matured
          FROM (
            SELECT credit AS account, code, amount FROM transfer
            WHERE (code = 9 AND seq <= (SELECT value FROM meta WHERE key = 'earned_up_to')) OR code = 12
            UNION ALL SELECT debit, code, amount FROM transfer WHERE code IN (10, 11))
          GROUP BY account),
        sums AS (
          SELECT account, sum(earned) AS earned, sum(reversed) AS reversed, sum(matured) AS matured
          FROM earning GROUP BY account),
        own AS (SELECT id, owner, credits_posted - debits_posted AS amount FROM account WHERE kind = 'earned')
      SELECT own.owner || ': earned ' || coalesce(s.earned, 0) || ' of ' || coalesce(m.earned, 0)
        || ', taken back ' || coalesce(s.reversed, 0) || ' of ' || coalesce(m.reversed, 0)
        || ', matured ' || coalesce(s.matured, 0) || ' of ' || coalesce(m.matured, 0) || ', pending ' || own.amount
      FROM own LEFT JOIN moved m ON m.account = own.id LEFT JOIN sums s ON s.account = own.id
      WHERE coalesce(s.earned, 0) <> coalesce(m.earned, 0) OR coalesce(s.reversed, 0) <> coalesce(m.reversed, 0)
        OR coalesce(s.matured, 0) <> coalesce(m.matured, 0)
        OR own.amount <> coalesce(s.earned - s.reversed - s.matured, 0)
      UNION ALL SELECT 'sums of account ' || account || ', which has none' FROM sums WHERE account NOT IN (SELECT id FROM own)
      UNION ALL
      SELECT p.owner || ': matured ' || coalesce(m.matured, 0) || ', payable and paid ' || p.credits_posted
      FROM account p LEFT JOIN account e ON e.owner = p.owner AND e.kind = 'earned' LEFT JOIN moved m ON m.account = e.id
      WHERE p.kind = 'payable' AND p.credits_posted <> coalesce(m.matured, 0)
      UNION ALL
      SELECT account || ' ' || node_id || ' day ' || day FROM earning
      WHERE (due_hour > 0 AND matured <> 0) OR (due_hour = 0 AND matured <> earned - reversed)`,
  },
  'E3 refunds take earnings back': {
    means:
      'where a request was refunded while its earning was pending, the same part of the earning was taken back, unless the node had lost all',
    broken: `
      WITH refunded AS (
        SELECT r.request_id, e.amount AS earned, r.charged, sum(t.amount) AS refunded, e.credit, s.node_id
        FROM transfer t JOIN receipt r ON r.request_id = t.request_id
          JOIN transfer e ON e.seq = r.seq + r.legs + 1 AND e.receipt = r.seq AND e.code = 9
          LEFT JOIN served s ON s.id = e.served
        WHERE t.request_id IS NOT NULL AND t.code = 5 AND t.at_ms < e.due_hour * ${HOUR_MS}
          AND NOT EXISTS (
            SELECT 1 FROM transfer m WHERE m.debit = e.credit AND m.id IS NOT NULL AND m.code = 10
              AND m.seq < t.seq AND m.at_ms >= e.due_hour * ${HOUR_MS})
        GROUP BY e.seq)
      SELECT request_id || ': earned ' || earned || ', refunded ' || refunded || ' of ' || charged FROM refunded f
      WHERE (SELECT coalesce(sum(amount), 0) FROM transfer
             WHERE request_id = f.request_id AND code = 11) * charged < earned * refunded
        AND NOT EXISTS (SELECT 1 FROM forfeit WHERE account = f.credit AND node_id = f.node_id)
      UNION ALL
      SELECT t.request_id || ': took back ' || sum(t.amount) FROM transfer t
        LEFT JOIN receipt r ON r.request_id = t.request_id
        LEFT JOIN transfer e ON e.seq = r.seq + r.legs + 1 AND e.receipt = r.seq AND e.code = 9
      WHERE t.request_id IS NOT NULL AND t.code = 11 AND r.seq IS NOT NULL
      GROUP BY t.request_id HAVING sum(t.amount) > coalesce(e.amount, 0)`,
  },
} as const;
