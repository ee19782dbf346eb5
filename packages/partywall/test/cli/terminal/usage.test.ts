/** Wrong usage is exit code 2, with a suggestion, and with --json one document on stdout. No database is queried. */
import { spawnSync } from 'node:child_process'
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { bin, expectFailure, folderWith, inFolder, project } from '../partywall.ts'

const nowhere = 'postgres://alice:sekret@127.0.0.1:1/nothing'

describe.concurrent('wrong usage is exit code 2', () => {
  test.each([
    ['tenant crate', 'USAGE', 'Did you mean create'],
    ['tennant list', 'USAGE', 'Did you mean tenant'],
    ['tenant create acme --nme x', 'USAGE', 'Did you mean --name'],
    ['tenant list --status asleep', 'USAGE', 'active, suspended'],
    ['tenant list --limit 0', 'USAGE', 'at least 1'],
    ['tenant list --limit', 'USAGE', 'argument missing'],
    [['tenant', 'list', '--search', ''], 'USAGE', 'text of 1 to 255 characters'],
    [['tenant', 'create', 'acme', '--name', '', '--no-input'], 'INVALID_TENANT_NAME', '--name'],
    ['tenant create acme --kind deflaut', 'UNKNOWN_KIND', 'Did you mean "default"?'],
    ['migrate --kind deflaut', 'UNKNOWN_KIND', 'Did you mean "default"?'],
    ['migrate status --kind deflaut', 'UNKNOWN_KIND', 'Did you mean "default"?'],
    ['migrate down --kind deflaut --to 0', 'UNKNOWN_KIND', 'Did you mean "default"?'],
    ['migrate --plan --status asleep', 'USAGE', 'active, suspended'],
    ['migrate status --status asleep', 'USAGE', 'active, suspended'],
    ['tenant list too many', 'USAGE', 'too many arguments'],
    ['tenant', 'USAGE', 'a command is missing'],
    ['migrate stats', 'USAGE', 'Did you mean status'],
    ['migrate acme', 'USAGE', '--tenant'],
    ['migrate --tenant acme status', 'USAGE', 'after `migrate status`'],
    ['migrate --tenant', 'USAGE', 'argument missing'],
    ['migrate --concurrency 2 status', 'USAGE', 'put --concurrency after `migrate status`'],
    ['migrate --resume --tenants', 'USAGE', "cannot be used with option '--tenants'"],
    ['migrate status acme', 'USAGE', 'too many arguments'],
    ['migrate down acme', 'USAGE', 'too many arguments'],
    ['migrate new add titles', 'USAGE', 'too many arguments'],
    [['sql', '--shared', 'select 1; copy plans from stdin'], 'USAGE', 'use psql'],
    ['migrate --concurrency 0', 'USAGE', 'a whole number of at least 1'],
    ['migrate --lock-timeout 2d', 'USAGE', '500ms, 2s, 10m or 1h'],
    ['migrate down --to 0', 'MISSING_ANSWER', 'missing --tenants'],
    ['migrate down --tenants', 'MISSING_ANSWER', 'missing --to <migration>'],
    ['migrate down --shared --tenants --to 0', 'USAGE', 'roll the tenants back first'],
    ['migrate down --tenants --to 0 --edited=x', 'USAGE', 'edited'],
    ['migrate redo', 'MISSING_ANSWER', 'missing --tenants'],
    ['migrate redo --shared --tenants', 'USAGE', 'roll the tenants back first'],
    ['migrate reset', 'MISSING_ANSWER', 'missing --tenant <tenant>'],
    ['migrate reset --tenants', 'USAGE', "unknown option '--tenants'"],
    ['migrate --tenant acme reset', 'USAGE', 'put --tenant after `migrate reset`'],
    ['migrate new titles --print', 'USAGE', 'leave it out'],
    ['migrate new ???', 'INVALID_ARGUMENT', 'letters or digits'],
    ['tenant login acme --read-only --name !!', 'INVALID_ARGUMENT', '--name must be 1 to 40 letters'],
    ['tenant login acme --read-only --connections 500', 'INVALID_ARGUMENT', '--connections must be a whole number from 1 to 100'],
    ['tenant login acme --read-only --expires 10s', 'INVALID_ARGUMENT', '--expires must be in milliseconds'],
    ['tenant login acme --read-only --temp-file-limit 1kB', 'INVALID_ARGUMENT', '--temp-file-limit must be in kB'],
    ['boundary upgrade --concurrency 100', 'INVALID_ARGUMENT', '--concurrency must be a whole number from 1 to 64'],
    ['tenant create acme --set plan', 'USAGE', 'key=value'],
    ['tenant create Acme', 'INVALID_SCHEMA_NAME', 'upper-case'],
    ['tenant create acme --domain http://x', 'INVALID_DOMAIN', 'host name'],
    ['tenant create --no-input', 'MISSING_ANSWER', 'missing the argument <schema>'],
    ['tenant rename acme --no-input', 'MISSING_ANSWER', 'missing a new name'],
    ['tenant update acme --no-input', 'MISSING_ANSWER', 'missing a change'],
    ['tenant update acme --expires soon', 'USAGE', 'a time such as'],
    ['tenant delete acme --no-input', 'MISSING_ANSWER', 'missing --confirm <schema>'],
    ['tenant delete acme --confirm acme --shared-rows drop', 'USAGE', 'delete, keep'],
    ['tenant purge --no-input', 'MISSING_ANSWER', 'missing --expired or --archived'],
    ['tenant archive acme --purge-after later', 'USAGE', 'a time such as'],
    ['tenant show --no-input', 'MISSING_ANSWER', 'missing the argument <tenant>'],
    ['domain add acme --no-input', 'MISSING_ANSWER', 'missing the argument <domain>'],
    ['domain set-primary acme --no-input', 'MISSING_ANSWER', 'missing the argument <domain>'],
    ['domain set-primary --no-input', 'MISSING_ANSWER', 'missing the argument <tenant>'],
    ['domain remove --no-input', 'MISSING_ANSWER', 'missing the argument <tenant>'],
    ['domain rm acme', 'USAGE', "unknown command 'rm'. `partywall domain --help` lists the commands."],
    ['delete acme', 'USAGE', "unknown command 'delete'. `partywall --help` lists the commands."],
    ['migrate --dry-run', 'USAGE', "unknown option '--dry-run'. `partywall migrate --help` lists the flags."],
    ['migrate down --yes', 'USAGE', "unknown option '--yes'. `partywall migrate down --help` lists the flags."],
    ['tenant suspend --no-input', 'MISSING_ANSWER', 'missing the argument <tenant>'],
    ['tenant activate --no-input', 'MISSING_ANSWER', 'missing the argument <tenant>'],
    ['sql select', 'MISSING_ANSWER', '--tenant <tenant>, --all or --shared'],
    ['sql --all --shared select', 'USAGE', 'only one of'],
    ['sql --shared --status active select', 'USAGE', '--kind and --status require --all'],
    ['sql --tenant acme --kind default select', 'USAGE', '--kind and --status require --all'],
    ['sql --all --kind deflaut select', 'UNKNOWN_KIND', 'Did you mean "default"?'],
    ['sql --all --status asleep select', 'USAGE', 'active, suspended'],
    ['sql --tenant a --tenant b select', 'USAGE', 'only one of'],
    ['seed demo', 'MISSING_ANSWER', '--tenant <tenant> or --all'],
    ['seed --all --tenant acme', 'USAGE', 'only one of'],
    ['seed --tenant acme --kind default', 'USAGE', '--kind and --status require --all'],
    ['seed --all --kind deflaut', 'UNKNOWN_KIND', 'Did you mean "default"?'],
    ['sql --all --', 'MISSING_ANSWER', 'missing the argument <sql>'],
    ['sql --all -', 'USAGE', 'empty'],
    ['dev', 'USAGE', 'unset it'],
    ['--config nope.ts tenant list', 'CONFIG_NOT_FOUND', 'nope.ts'],
  ])('for partywall %s', async (call, code, hint) => {
    const { run } = await project(nowhere)
    const ended = await run(typeof call === 'string' ? `--json ${call}` : ['--json', ...call])
    expectFailure(ended, 2, code)
    expect(ended.json.error.message).toContain(hint)
  })

  test('without --json, too, with nothing on stdout', async () => {
    const { run } = await project(nowhere)
    const ended = await run('tenant crate')
    expect(ended).toMatchObject({ code: 2, stdout: '' })
    expect(ended.stderr).toBe("error USAGE: unknown command 'crate' (Did you mean create?)\n")
    const alone = await run('')
    expect(alone).toMatchObject({ code: 2, stdout: '' })
    expect(alone.stderr).toContain('Commands:')
  })
})

test.concurrent('help and version go to stdout, with exit code 0', async () => {
  const { run } = await project(nowhere)
  const [help, version, nested] = await Promise.all([run('--help'), run('--version'), run('sql --help')])
  expect(help).toMatchObject({ code: 0, stderr: '' })
  expect(help.stdout).toContain('migrate')
  expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  expect(nested.stdout).toContain('Examples:')
  expect(nested.stdout).toContain('--no-input')
})

test.concurrent('the command line starts through a link, as npm creates one', async () => {
  const folder = await folderWith({})
  await symlink(bin, join(folder, 'partywall'))
  expect(spawnSync(process.execPath, [join(folder, 'partywall'), '--version']).status).toBe(0)
})

test.concurrent('a server that does not answer is exit code 1, and its password is never printed', async () => {
  const { run } = await project(nowhere)
  const calls = ['tenant list', 'sql --shared --verbose select', 'migrate', 'migrate status', 'tenant create acme']
  for (const ended of await Promise.all(calls.map((call) => run(`--json ${call}`)))) {
    expect(ended.json.error).toMatchObject({
      code: 'DATABASE_UNREACHABLE',
      message: expect.stringContaining('127.0.0.1:1/nothing as alice'),
    })
    expect(ended.code).toBe(1)
    expect(ended.stdout + ended.stderr).not.toContain('sekret')
  }
})

test.concurrent('a malformed connection string is refused without printing its password', async () => {
  const { run } = await project('postgres://alice:sekret@host:port/nothing')
  const ended = await run('tenant list --json')
  expectFailure(ended, 2, 'INVALID_OPTION')
  expect(ended.stdout + ended.stderr).not.toContain('sekret')
})

test.concurrent('a missing config is exit code 2, and the message says how to create one', async () => {
  const ended = await inFolder(await folderWith({}), undefined).run('tenant list --json')
  expectFailure(ended, 2, 'CONFIG_NOT_FOUND')
  expect(ended.json.error.message).toContain('partywall init')
})
