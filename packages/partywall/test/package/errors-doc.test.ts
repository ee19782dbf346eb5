/**
 * docs/errors.md has a section for each code that leaves partywall, and no other: the codes of the table of errors with their details, those
 * that only HTTP answers have, and those of warnings. And the table has no code that is
 * never thrown.
 */
import { readdir, readFile } from 'node:fs/promises'
import { METHODS } from 'node:http'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { errorCodes, TenancyError, type ErrorDetails, type TenancyErrorCode } from '../../src/errors.ts'

const page = await readFile(new URL('../../../../docs/errors.md', import.meta.url), 'utf8')
const sources = await readSources(fileURLToPath(new URL('../../src/', import.meta.url)))
const codes = Object.keys(errorCodes) as TenancyErrorCode[]

const groups = {
  errors: sectionsOf(page, 'Codes of a TenancyError'),
  answers: sectionsOf(page, 'Codes of HTTP answers'),
  warnings: sectionsOf(page, 'Codes of warnings'),
}

test('every code of the table has its section, and every section its code', () => {
  expect(groups.errors.map(({ code }) => code)).toEqual(codes)
})

test.each(codes)('%s: its meaning, its status, why it happens and what to do', (code) => {
  const { meaning, http } = errorCodes[code]
  const { text } = groups.errors.find((section) => section.code === code)!
  expect(text).toContain(`\n\n${meaning} HTTP ${http}.\n\n`)
  for (const beat of ['Why it happens', 'What to do']) expect(text).toMatch(beatOf(beat))
})

test.each(codes)('%s: the section names the fields of its details', (code) => {
  const { text } = groups.errors.find((section) => section.code === code)!
  expect(fieldsOf(text)).toEqual(fields[code])
})

test('every code that only HTTP answers have has its section, and every section its code', () => {
  expect(groups.answers.map(({ code }) => code).toSorted()).toEqual(codesOfAnswers(sources))
  for (const { text } of groups.answers) {
    expect(text).toMatch(/ HTTP [45]\d\d\.\n/)
    for (const beat of ['Why it happens', 'What to do']) expect(text).toMatch(beatOf(beat))
  }
})

test('every code of a warning has its section, and every section its code', () => {
  expect(groups.warnings.map(({ code }) => code).toSorted()).toEqual(codesOfWarnings(sources))
  for (const { text } of groups.warnings) {
    for (const beat of ['Why it happens', 'What to do']) expect(text).toMatch(beatOf(beat))
  }
})

test('every section has an anchor that is spelled like its code', () => {
  for (const { code } of Object.values(groups).flat()) expect(page).toContain(`\n<a id="${code}"></a>\n\n### ${code}\n`)
})

test('the address at the end of a message is that of the section', () => {
  const { message } = new TenancyError('RELEASED_CLIENT', 'A client was used.')
  expect(message).toBe('A client was used. See docs/errors.md#RELEASED_CLIENT')
})

test('every code of the table is thrown somewhere in the sources', () => {
  const thrown = codesThrown(sources)
  expect(codes.filter((code) => !thrown.has(code))).toEqual([])
})

test('the checks find what is missing', () => {
  expect(sectionsOf('## Group\n\n### A_CODE\n\ntext\n\n### Other\n\n## Next\n\n### B\n', 'Group')).toEqual([
    { code: 'A_CODE', text: '\n\ntext\n\n' },
  ])
  expect(fieldsOf("- **Details:** `schema`: `'x'`. `name?`, `file?`.\n")).toEqual({
    schema: 'always',
    name: 'maybe',
    file: 'maybe',
  })
  expect(
    codesOfAnswers({
      'http/shared/x.ts': "answer('GONE_AWAY', 'NO_TENANT', STATUS_CODES)\nconst codes = {\n  BUSY: { http: 503 },\n}",
    }),
  ).toEqual(['BUSY', 'GONE_AWAY'])
  expect(codesOfWarnings({ 'x.ts': "emitWarning('…', { code: 'PARTYWALL_X' })" })).toEqual(['PARTYWALL_X'])
  expect(codesThrown({ 'x.ts': "const a = 'DRIFT'\nthrow new TenancyError(\n  isNew ? 'A_B' : 'C',\n)" })).toEqual(
    new Set(['A_B', 'C']),
  )
})

interface Section {
  readonly code: string
  readonly text: string
}

function sectionsOf(markdown: string, group: string): Section[] {
  const part = markdown.split(/^## /m).find((candidate) => candidate.startsWith(`${group}\n`)) ?? ''
  return part
    .split(/^### /m)
    .slice(1)
    .flatMap((section) => {
      const code = /^[A-Z_]+$/.exec(section.split('\n', 1)[0]!)?.[0]
      return code === undefined ? [] : [{ code, text: section.slice(code.length) }]
    })
}

function beatOf(name: string): RegExp {
  return new RegExp(`^- \\*\\*${name}:\\*\\* \\S.{20,}`, 'm')
}

type Presence = 'always' | 'maybe'

/** The fields in the line about the details; a value such as `'none'` has quotes, a field has none. */
function fieldsOf(section: string): Record<string, Presence> {
  const line = /^- \*\*Details:\*\* (.+)$/m.exec(section)?.[1] ?? ''
  const named = line.matchAll(/`([a-z][A-Za-z]*)(\??)`/g)
  return Object.fromEntries([...named].map(([, name, mark]) => [name!, mark === '?' ? 'maybe' : 'always']))
}

const optionFields = {
  option: 'maybe',
  nearest: 'maybe',
  what: 'maybe',
  seen: 'maybe',
  package: 'maybe',
  type: 'maybe',
  resolver: 'maybe',
  sources: 'maybe',
} as const

/** As errors.ts declares them; the compiler holds this list to it. */
const fields: { [C in TenancyErrorCode]: { [K in keyof ErrorDetails[C]]-?: PresenceOf<ErrorDetails[C], K> } } = {
  INVALID_SETTINGS: { issues: 'always' },
  SETTINGS_UNREADABLE: { schema: 'always', reason: 'always', keys: 'always' },
  ADOPTION_REFUSED: { schema: 'always', findings: 'always' },
  CLONE_REFUSED: { schema: 'always', source: 'always', problems: 'always' },
  CLONE_FAILED: { schema: 'always', source: 'always', step: 'always', sqlState: 'maybe', differences: 'always' },
  ROLE_EXISTS: { schema: 'always', role: 'always' },
  QUOTA_EXCEEDED: { schema: 'always', limit: 'always', used: 'always' },
  FILE_STORE_FAILED: { store: 'always', code: 'always' },
  ROLE_MISSING: { schema: 'always' },
  LOGIN_REFUSED: { schema: 'always', reason: 'always' },
  NO_TENANT: { scope: 'always' },
  WRONG_TENANT: { owner: 'always', now: 'always' },
  UNKNOWN_TENANT: { by: 'always', ref: 'always' },
  INVALID_TENANT_REF: { seen: 'always' },
  TENANT_SUSPENDED: { schema: 'always', status: 'always' },
  TENANT_MAINTENANCE: { schema: 'always', status: 'always' },
  NAME_IN_BOTH_SCOPES: { schema: 'always', names: 'always', missing: 'always' },
  INVALID_TENANT_MOVE: { schema: 'always', status: 'always', move: 'always' },
  TENANT_REFERENCED: { schema: 'always', references: 'always', tables: 'always' },
  SHARED_ROW_REFERENCED: { table: 'always', references: 'always', total: 'always' },
  TENANT_LOCKED: { schema: 'always' },
  PROVISION_FAILED: { schema: 'always', step: 'always', line: 'maybe', sqlState: 'maybe' },
  INVALID_FIXTURES: { file: 'maybe', line: 'maybe', problems: 'always' },
  LOAD_FAILED: { target: 'always', table: 'maybe', line: 'maybe', constraint: 'maybe', sqlState: 'always' },
  INVALID_SEED: { file: 'always' },
  HOOK_FAILED: { schema: 'always', hook: 'always' },
  TENANT_BEHIND: { schema: 'always', pending: 'always', object: 'maybe' },
  TENANT_CHANGED: { schema: 'always' },
  INVALID_SCHEMA_NAME: { name: 'always' },
  INVALID_DOMAIN: { domain: 'always' },
  INVALID_ATTRIBUTES: { issues: 'always' },
  INVALID_OPTION: optionFields,
  INVALID_ARGUMENT: optionFields,
  INVALID_TENANT_NAME: {},
  UNKNOWN_KIND: { kind: 'always', kinds: 'always', nearest: 'always' },
  SCHEMA_EXISTS: { schema: 'always' },
  SCHEMA_MISSING: { schema: 'always' },
  EXTERNAL_ID_EXISTS: { externalId: 'always' },
  DOMAIN_NOT_CLAIMABLE: { domain: 'always', reason: 'always' },
  DOMAIN_NOT_VERIFIED: { domain: 'always', record: 'always', seen: 'always' },
  DOMAIN_EXISTS: { domains: 'always' },
  PRIMARY_DOMAIN: { domain: 'always', schema: 'always' },
  UNKNOWN_LOGIN: { role: 'always' },
  UNKNOWN_DOMAIN: { domain: 'always', schema: 'always' },
  JOB_REFUSED: { reason: 'always', queue: 'always' },
  TOKEN_REFUSED: { reason: 'always' },
  NOT_A_MEMBER: { schema: 'always', userId: 'always' },
  NOT_PERMITTED_ROLE: { schema: 'always', userId: 'always', role: 'always' },
  MEMBER_EXISTS: { schema: 'always', userId: 'always' },
  UNKNOWN_USER: { email: 'always' },
  USER_EXISTS: { email: 'always' },
  LAST_OWNER: { schema: 'always', userId: 'always' },
  SEATS_TAKEN: { schema: 'always', seats: 'always' },
  UNKNOWN_ROLE: { schema: 'always', role: 'always', roles: 'always', nearest: 'always' },
  ROLE_IN_USE: { schema: 'always', role: 'always' },
  INVALID_INVITATION: {},
  MAY_NOT_JOIN: { schema: 'always' },
  CATALOG_MISSING: { role: 'always', database: 'maybe', installed: 'maybe' },
  CATALOG_NEWER: { installed: 'always', known: 'always' },
  NOT_PERMITTED: {},
  POOL_EXHAUSTED: { max: 'always', connectionTimeoutMillis: 'always' },
  TENANT_BUSY: { schema: 'always', maxPerTenant: 'always' },
  USAGE_EXCEEDED: { schema: 'always', limit: 'always', windowMs: 'always' },
  MIGRATION_FAILED: {
    schema: 'always',
    name: 'maybe',
    file: 'maybe',
    line: 'maybe',
    statement: 'maybe',
    sqlState: 'maybe',
  },
  FLEET_FAILED: { report: 'always' },
  MIGRATION_CHANGED: {
    schema: 'always',
    problem: 'always',
    name: 'maybe',
    file: 'maybe',
    line: 'maybe',
    checksum: 'maybe',
    mayRedo: 'maybe',
    applied: 'maybe',
    head: 'maybe',
    was: 'maybe',
    statements: 'maybe',
    pending: 'maybe',
    unknown: 'maybe',
  },
  HISTORY_MISSING: { schema: 'always' },
  HISTORY_DISAGREES: { schema: 'always', applied: 'always' },
  DRIFT: { schema: 'always', differences: 'always' },
  INVALID_MIGRATION: {
    schema: 'maybe',
    name: 'maybe',
    file: 'maybe',
    line: 'maybe',
    folder: 'maybe',
    last: 'maybe',
    object: 'maybe',
  },
  NEEDS_SESSION: {},
  UNSAFE_STATEMENT: { statement: 'maybe', leaves: 'maybe', schema: 'maybe' },
  UNSAFE_SETUP: { mode: 'maybe', version: 'maybe' },
  UNSUPPORTED_OBJECT: { objects: 'always' },
  UNKNOWN_TEMPLATE: { template: 'always' },
  TEMPLATE_UNUSABLE: { template: 'always', reason: 'always' },
  RELEASED_CLIENT: {},
  DATABASE_UNREACHABLE: { code: 'always' },
  TEST_LEAK: { leaks: 'always' },
  EMBEDDED_FAILED: {
    directory: 'maybe',
    file: 'maybe',
    log: 'maybe',
    package: 'maybe',
    uid: 'maybe',
    found: 'maybe',
    installed: 'maybe',
    postgres: 'maybe',
  },
}

type PresenceOf<T, K extends keyof T> = {} extends Pick<T, K> ? 'maybe' : 'always'

/** The texts of the sources by their paths in src/. */
async function readSources(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => /(?<!\.test)\.ts$/.test(name))
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await readFile(`${folder}${name}`, 'utf8')])))
}

/** The codes in the answers over HTTP, quoted or as the keys of a table, that the table of errors does not have. */
function codesOfAnswers(files: Record<string, string>): string[] {
  const shared = Object.entries(files).filter(([name]) => name.startsWith('http/shared/'))
  const code = '[A-Z]{4,}(?:_[A-Z]+)*'
  const named = shared.flatMap(([, text]) => [...text.matchAll(new RegExp(`'(${code})'|^ +(${code}): \\{`, 'gm'))])
  const found = new Set(named.map(([, quoted, key]) => (quoted ?? key)!))
  // Methods of HTTP look like codes.
  return [...found].filter((name) => !Object.hasOwn(errorCodes, name) && !METHODS.includes(name)).toSorted()
}

function codesOfWarnings(files: Record<string, string>): string[] {
  const all = Object.values(files).flatMap((text) => [...text.matchAll(/code: '(PARTYWALL_[A-Z_]+)'/g)].map(([, code]) => code!))
  return [...new Set(all)].toSorted()
}

/** The codes in the first argument of `new TenancyError(`, which may be a choice between two. */
function codesThrown(files: Record<string, string>): Set<string> {
  const calls = Object.values(files).flatMap((text) => [...text.matchAll(/new TenancyError\(([^,]*),/g)])
  return new Set(calls.flatMap(([, first]) => [...first!.matchAll(/'([A-Z_]+)'/g)].map(([, code]) => code!)))
}
