import { expect, test } from 'vitest'
import { withUnnamedColumns } from './unnamed-columns.ts'

test('a column without a name keeps it where its cast would give one', () => {
  const printed = ` SELECT s.a
   FROM ( SELECT t.a,
            NULL::integer AS b
           FROM t
        UNION ALL
         SELECT 'it''s, AS'::character varying(5),
            NULL::integer,
            (t.a + 1)::bigint,
            u.c::text AS c,
            'x'::text
           FROM u
          WHERE u.d = 'x'::text) s
     JOIN ( SELECT 'x SELECT 1'::text AS d
        UNION
         SELECT NULL::timestamp(3) with time zone) x USING (d)
UNION
 SELECT 1::bigint AS one`
  expect(withUnnamedColumns(printed)).toBe(` SELECT s.a
   FROM ( SELECT t.a,
            NULL::integer AS b
           FROM t
        UNION ALL
         SELECT 'it''s, AS'::character varying(5) AS "?column?",
            NULL::integer AS "?column?",
            (t.a + 1)::bigint AS "?column?",
            u.c::text AS c,
            'x'::text AS "?column?"
           FROM u
          WHERE u.d = 'x'::text) s
     JOIN ( SELECT 'x SELECT 1'::text AS d
        UNION
         SELECT NULL::timestamp(3) with time zone AS "?column?") x USING (d)
UNION
 SELECT 1::bigint AS one`)
})

test('other casts stay', () => {
  const printed = ` SELECT
        CASE
            WHEN t.a THEN 'a'::text
            ELSE 'b'::text
        END AS c
   FROM t,
    u
  WHERE t.b = 'x
NULL::integer
'::text`
  expect(withUnnamedColumns(printed)).toBe(printed)
})
