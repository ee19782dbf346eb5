import { describe, expect, test } from 'vitest'
import { identify } from '../../tenant-identity.ts'
import type { Tenant } from '../../types.ts'
import { Bindings, type Binding } from './binding.ts'
import { BindingWriter, type WriteState } from './binding-writer.ts'
import { closeBytes, executionBytes, parseBytes, statementBytes } from './wire.ts'

const bindings = new Bindings({
  sharedSchema: 'public',
  includeShared: true,
  extraSearchPath: ['ext'],
  statementTimeoutMs: ({ schema }) => (schema === 'slow' ? 50 : undefined),
})
const acme = bindings.ofTenant(tenant('acme'))
const slow = bindings.ofTenant(tenant('slow'))

// Written out, because each of these bytes is sent with every statement: a change of the code must not make them more.
const news = `when pg_catalog.pg_relation_is_updatable('pg_catalog.pg_largeobject_metadata'::pg_catalog.regclass, false) operator(pg_catalog.<) 0 then '"partywall: no usage privilege' `
const checksOf = (schema: string): string =>
  `when ${schema} operator(pg_catalog.<>) $3::pg_catalog.oid then '"partywall: another schema' ` +
  `when not pg_catalog.has_schema_privilege(${schema}, 'usage') then '"partywall: no usage privilege' `
const handoverCheck = `when pg_catalog.pg_my_temp_schema() operator(pg_catalog.<>) 0 then '"partywall: temporary tables' `
const timeout = ` or pg_catalog.set_config('statement_timeout', $4, true) is null`
const textOf = (checks: string): string =>
  `select 1 where pg_catalog.set_config('search_path', case ${checks}else $2 end, true) is null`
const bound = '$1::pg_catalog.regnamespace::pg_catalog.oid'
const lookedUp = '$1::pg_catalog.text::pg_catalog.regnamespace::pg_catalog.oid'

const shapes = [
  ['the path alone', acme, '', ['"acme"', '"acme", "public", "ext", pg_temp', '16400']],
  ['a timeout as well', slow, timeout, ['"slow"', '"slow", "public", "ext", pg_temp', '16400', '50']],
] as const

const discard = statementBytes('', 'discard temp', [])
const alone: WriteState = { inTransaction: false, mayRefuse: true }
const inTransaction: WriteState = { inTransaction: true, mayRefuse: true }

describe.each(shapes)('a binding of %s', (_, binding, more, values) => {
  const plain = textOf(checksOf(bound)) + more
  const inside = textOf(news + checksOf(lookedUp)) + more
  const handover = textOf(checksOf(bound) + handoverCheck) + more
  const names = { plain: binding.statements.plain.name, handover: binding.statements.handover.name }

  test('on a connection to the server itself is prepared once, and then one Bind and one Execute', () => {
    const { writer, written } = lent(binding, { isDirect: true })
    expect(written(alone)).toEqual([parseBytes(names.handover, handover), executionBytes(names.handover, values)])
    writer.note('committed')
    expect(written(alone)).toEqual([parseBytes(names.plain, plain), executionBytes(names.plain, values)])
    writer.note('committed')
    expect(written(alone)).toEqual([executionBytes(names.plain, values)])
    writer.note('committed')
    writer.forgetPrepared()
    expect(written(alone)).toEqual([closeBytes(names.plain), parseBytes(names.plain, plain), executionBytes(names.plain, values)])
  })

  test('behind a pooler has no name, and each transaction empties the temporary schema once', () => {
    const { writer, written } = lent(binding, { isDirect: false })
    for (let transaction = 0; transaction < 2; transaction++) {
      expect(written(inTransaction)).toEqual([discard, statementBytes('', inside, values)])
      expect(written(inTransaction)).toEqual([statementBytes('', inside, values)])
      writer.note('committed')
      expect(written(alone)).toEqual([discard, statementBytes('', plain, values)])
      writer.note('committed')
    }
  })
})

describe('the cleaning at a handover', () => {
  test('is a question where the statement can be sent again, and otherwise DISCARD TEMP', () => {
    for (const state of [inTransaction, { ...alone, mayRefuse: false }]) {
      const { written, tags } = lent(acme, { isDirect: true })
      expect(written(state)[0]).toEqual(discard)
      expect(tags()).toEqual(['DISCARD TEMP', 'SELECT 0'])
    }
    const { written, tags, writer } = lent(acme, { isDirect: true })
    expect(written(alone)[0]).not.toEqual(discard)
    expect(tags()).toEqual(['SELECT 0'])
    writer.note('rolled back')
    writer.temporarySchemaFound()
    expect(written(alone)[0]).toEqual(discard)
  })

  test('waits for the next statement after a binding that may take no snapshot', () => {
    const { written, tags } = lent(acme, { isDirect: true })
    expect(written({ ...inTransaction, needsNoSnapshot: true })).toEqual([
      statementBytes('', 'set local search_path to "acme", "public", "ext", pg_temp', []),
    ])
    expect(tags()).toEqual(['SET'])
    expect(written(inTransaction)[0]).toEqual(discard)
  })

  test('is part of the text of the simple protocol', () => {
    const { writer } = lent(acme, { isDirect: true })
    const first = writer.literal(acme)
    expect(first.text).toMatch(/^discard temp; select 1 where /)
    expect(first.tags).toEqual(['DISCARD TEMP', 'SELECT 0'])
    writer.note('committed')
    const second = writer.literal(acme)
    expect(second.text).toBe(first.text.replace('discard temp; ', ''))
    expect(second.tags).toEqual(['SELECT 0'])
  })
})

interface Written {
  readonly writer: BindingWriter
  /** What is written for one statement. */
  readonly written: (state: WriteState) => Buffer[]
  /** The tags that were announced for it. */
  readonly tags: () => readonly string[]
}

function lent(binding: Binding, { isDirect }: { isDirect: boolean }): Written {
  const writer = new BindingWriter()
  writer.isDirect = isDirect
  writer.handOver(binding)
  let tags: readonly string[] = []
  const written = (state: WriteState): Buffer[] => {
    const pieces: Buffer[] = []
    tags = writer.write({ stream: { write: (bytes: Buffer) => pieces.push(bytes) } } as never, binding, state)
    return pieces
  }
  return { writer, written, tags: () => tags }
}

function tenant(schema: string): Tenant {
  const newest = { revision: 1, generation: 1, status: 'active', isDeleted: false } as const
  const found = {
    id: `id of ${schema}`,
    schema,
    name: schema,
    kind: 'default',
    status: 'active',
    placement: 'default',
    generation: 1,
    attributes: {},
    createdAt: new Date(0),
  } as const
  return Object.freeze(identify(found, { schemaOid: '16400', revision: 1, newest, isSuspect: false }))
}
