import { expect, test } from 'vitest'
import { withArrayCasts } from './array-casts.ts'

test.each([
  [
    `CHECK (s::text = ANY (ARRAY['a'::character varying, 'b'::character varying]::text[]))`,
    `CHECK (s::text = ANY ((ARRAY['a'::character varying, 'b'::character varying]::character varying[])::text[]))`,
  ],
  [
    `ARRAY['it''s]'::character varying(5), E'\\\\'::character varying(5)]::text[]`,
    `(ARRAY['it''s]'::character varying(5), E'\\\\'::character varying(5)]::character varying(5)[])::text[]`,
  ],
  [`ARRAY['a'::public."My type"]::text[]`, `(ARRAY['a'::public."My type"]::public."My type"[])::text[]`],
  [
    `((s)::text = ANY ((ARRAY['a'::character varying])::text[]))`,
    `((s)::text = ANY ((ARRAY['a'::character varying]::character varying[])::text[]))`,
  ],
  [`(x)::text = ANY ((ARRAY[a, b])::text[])`, `(x)::text = ANY ((ARRAY[a, b]))`],
  [`x::text <> ALL (ARRAY[a, "b c"]::text[])`, `x::text <> ALL (ARRAY[a, "b c"])`],
])('the type of an array before its cast is written: %s', (printed, written) => {
  expect(withArrayCasts(printed)).toBe(written)
})

test.each([
  `ARRAY[]::text[]`,
  `ARRAY['a'::text]::text[]`,
  `ARRAY[a, b]::text[]`,
  `ARRAY[a = b::text]::character varying[]`,
  `ARRAY['a'::character varying, 'b'::text]::text[]`,
  `default 'ARRAY[''a''::character varying]::text[]'`,
  `x[1]::text[]`,
])('other casts stay: %s', (printed) => {
  expect(withArrayCasts(printed)).toBe(printed)
})
