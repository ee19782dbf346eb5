import { expect, test } from 'vitest'
import { partsOf } from './copy-rows.ts'
import { copyRowsText } from './copy-sql.ts'
import type { SourceTable } from './source-table.ts'

test('a large table is copied in parts that leave out no page, and the last one has no end', () => {
  expect(partsOf({ pages: null })).toEqual([undefined])
  expect(partsOf({ pages: 8192 })).toEqual([undefined])
  expect(partsOf({ pages: 8193 })).toEqual([
    { first: 0, end: 8192 },
    { first: 8192, end: null },
  ])
  expect(partsOf({ pages: 30_000 }).map((pages) => pages?.first)).toEqual([0, 8192, 16_384, 24_576])
})

test('names and masks of a copy are quoted, and generated columns are left out', () => {
  const column = { isGenerated: false, isNullable: true, isOwnType: false, isObjectNumber: false, base: 'text', length: null }
  const table: SourceTable = {
    name: 'a"b',
    oid: '1',
    kind: 'table',
    bytes: 0,
    pages: 0,
    rows: 0,
    indexes: 0,
    parents: [],
    foreignKeys: [],
    columns: [
      { ...column, name: 'x.y' },
      { ...column, name: 'mood', isOwnType: true },
      { ...column, name: 'sum', isGenerated: true },
    ],
  }
  const copied = { from: 'acme', to: 'copy', table, types: new Map([['mood', 'mood[]']]), masked: new Map([['x.y', 'null']]) }
  expect(copyRowsText(copied, { first: 5, end: 7 })).toBe(
    'insert into "copy"."a""b" ("x.y", "mood") overriding system value ' +
      'select null, source."mood"::pg_catalog.text::mood[] from only "acme"."a""b" as source ' +
      "where source.ctid operator(pg_catalog.>=) '(5,0)'::pg_catalog.tid and source.ctid operator(pg_catalog.<) '(7,0)'::pg_catalog.tid",
  )
})
