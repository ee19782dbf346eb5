/** Messages of the library in the words of the command line. */
import { expect, test } from 'vitest'
import { libraryCall } from '../../../test/cli/partywall.ts'
import { errorCodes, TenancyError, type AnyTenancyError, type TenancyErrorCode } from '../../errors.ts'
import { inCliWords } from './cli-words.ts'

const library = 'Use tenancy.tenants.create.'
const unknown = (by: 'id' | 'schema' | 'domain' | 'impossible', ref: string): TenancyError =>
  new TenancyError('UNKNOWN_TENANT', library, { details: { by, ref } })

test.each<[TenancyError, string]>([
  [
    unknown('schema', 'acme'),
    'No tenant has the schema "acme". `partywall tenant list` shows the tenants, `partywall tenant create acme` creates it.',
  ],
  [unknown('domain', 'a.example.com'), 'No tenant has the domain "a.example.com". `partywall tenant list` shows the tenants.'],
  [unknown('impossible', 'a\n'), 'No tenant can have the name "a\\n": it is no schema name, id or host name.'],
  [
    new TenancyError('INVALID_TENANT_REF', library, { details: { seen: 'empty text' } }),
    'A tenant is named by its schema, its id or one of its domains; this is empty text.',
  ],
  [new TenancyError('INVALID_TENANT_NAME', library), 'The name of a tenant (--name) must be text of 1 to 255 characters.'],
  [
    new TenancyError('DOMAIN_EXISTS', library, { details: { domains: ['a.b', 'c.d'] } }),
    'A domain leads to exactly one tenant. Already taken: "a.b", "c.d". `partywall domain list` shows the domains of all tenants, ' +
      '`partywall domain remove <tenant> <domain>` removes one.',
  ],
  [
    new TenancyError('INVALID_ARGUMENT', '"expiresInMs" of logins.create must be a whole number from 1 to 9; it is 0.', {
      details: { option: 'expiresInMs' },
    }),
    '--expires must be in milliseconds, a whole number from 1 to 9; it is 0.',
  ],
  [
    new TenancyError('INVALID_ARGUMENT', library, { details: { option: 'to', sources: ['a', 'b'] } }),
    '--to names a migration of one folder, but these schemas have migrations of several. Add --shared, --tenants, or --kind with one kind.',
  ],
  [
    new TenancyError('UNKNOWN_KIND', library, { details: { kind: 'bgi', kinds: ['default', 'big'], nearest: 'big' } }),
    'There is no kind of tenants "bgi". Did you mean "big"? The kinds are the keys of migrations.tenant in the config: default, big.',
  ],
  [
    new TenancyError('NEEDS_SESSION', 'VACUUM cannot. Run it in tenancy.session(tenant, (client) => client.query(…)).'),
    'VACUUM cannot. Write it into a migration that has the line `-- partywall: no-transaction`, or send it with psql.',
  ],
  [
    new TenancyError('UNSAFE_STATEMENT', library, { details: { statement: 'commit' } }),
    'COMMIT is refused: all statements of a call are one transaction already, so they are kept together or not at all. Leave it out.',
  ],
  [
    new TenancyError('TENANT_SUSPENDED', library, { details: { schema: 'acme', status: 'suspended' } }),
    'The tenant "acme" is suspended, so no work is started in it. `partywall tenant activate acme` activates it.',
  ],
  [
    new TenancyError('UNKNOWN_DOMAIN', library, { details: { domain: 'a.b', schema: 'acme' } }),
    'The tenant "acme" has no domain "a.b". `partywall domain list acme` shows its domains.',
  ],
])('%s has words of its own', (error, message) => expect(inCliWords(error as AnyTenancyError)).toBe(message))

test.each([
  new TenancyError('INVALID_ARGUMENT', 'There is no migration "9".', { details: { option: 'to' } }),
  new TenancyError('SCHEMA_EXISTS', 'It exists.', { details: { schema: 'a' } }),
  new TenancyError('UNSAFE_STATEMENT', 'It is unsafe.', { details: { statement: 'lastval()' } }),
])('%s keeps the summary of the library', (error) => {
  expect(inCliWords(error as AnyTenancyError)).toBe(error.summary)
})

test.each(Object.keys(errorCodes).filter((code) => !code.endsWith('_MIGRATION') && code !== 'MIGRATION_FAILED'))(
  'a message of %s advises no call of the library, whatever its text',
  (code) => {
    const summary =
      'It was refused: no. Check out a client with tenancy.pool.connect() and send it. Run it in tenancy.run(tenant, fn), or use tenancy.sharedPool. ' +
      "Call createTenancy({ … }) first. Pass { allowInactive: true } for a repair. Use client.query('select'). Raise pool.max."
    const details = {
      schema: 'a',
      domain: 'a.b',
      domains: ['a.b'],
      kinds: ['default'],
      kind: 'b',
      by: 'id',
      ref: 'x',
      seen: 'null',
    }
    const error = new TenancyError(code as TenancyErrorCode, summary, { details: details as never })
    const words = inCliWords(error as AnyTenancyError)
    expect(words).not.toMatch(libraryCall)
    expect(words).not.toBe('')
    if (words.startsWith('It was refused')) expect(words).toMatch(/^It was refused: no\. Raise pool\.max\./)
  },
)
