/** `partywall settings set`: values for a tenant. Secrets come from the standard input or a prompt: every user of the machine can read a command line. */
import { text } from 'node:stream/consumers'
import type { Command } from 'commander'
import { isSecretValue } from '../../settings/secret-keys.ts'
import { isAtOrBelow, isGroup, leavesOf, mergeTrees, treeOf, type Tree } from '../../settings/setting-keys.ts'
import type { Cli } from '../context/cli.ts'
import { examples, tenantArgument } from '../context/declarations.ts'
import { UsageError } from '../terminal/failure.ts'
import { renderSettings } from './entries.ts'

interface Flags {
  readonly secret?: string
  readonly stdin?: boolean
}

export function settingsSet(parent: Command, cli: Cli): void {
  parent
    .command('set')
    .description('set settings of a tenant; the others stay as they are')
    .argument(...tenantArgument)
    .argument('[settings...]', 'key=value; a value that is JSON is read as JSON, any other as text')
    .option(
      '--secret <key>',
      'the key of a secret, whose value is read from a prompt, or from the standard input (default: none)',
    )
    .option('--stdin', 'read an object of JSON from the standard input, with secrets (default: nothing is read)')
    .addHelpText(
      'after',
      examples(
        ['settings set acme limits.seats=25 smtp.host=smtp.acme.example', 'both, or none'],
        ['settings set acme --secret smtp.password', 'prompts'],
        ['settings set acme --stdin < acme.json', 'e.g. { "smtp": { "host": "…", "password": "…" } }'],
      ),
    )
    .action(async (ref: string | undefined, pairs: readonly string[], { secret, stdin }: Flags) => {
      const tenancy = await cli.tenancy()
      const { secrets } = tenancy.options.settings
      if (ref === undefined) throw new UsageError('missing the argument <tenant>', 'MISSING_ANSWER')
      if (secret !== undefined && stdin === true)
        throw new UsageError('give only one of --secret and --stdin: the standard input is read once')
      const given = pairs.map((pair) => parsePair(pair, secrets))
      const typed = secret === undefined ? [] : [[secret, await secretValue(cli, secret)] as const]
      const document = stdin === true ? parseDocument(await text(process.stdin)) : {}
      const changes = mergeTrees(document, treeOf([...given, ...typed]))
      const keys = [...leavesOf(changes).keys()]
      if (keys.length === 0) throw new UsageError('missing what to set: key=value, --secret <key> or --stdin', 'MISSING_ANSWER')
      await tenancy.settings.set(ref, changes)
      const entries = (await tenancy.settings.list(ref)).filter((entry) => keys.some((key) => isAtOrBelow(entry.key, key)))
      cli.out.result(entries, () => renderSettings(entries))
    })
}

function parsePair(pair: string, secrets: readonly string[]): readonly [string, unknown] {
  const at = pair.indexOf('=')
  // The text is not repeated: it may be a secret in the wrong place.
  if (at < 1) throw new UsageError('settings are given as key=value, such as limits.seats=25')
  const key = pair.slice(0, at)
  if (isSecretValue(key, secrets)) {
    throw new UsageError(
      `${JSON.stringify(key.slice(0, 60))} is a secret, which has no place on a command line: use --secret ${key.slice(0, 60)}, or --stdin`,
    )
  }
  const value = pair.slice(at + 1)
  try {
    return [key, JSON.parse(value)]
  } catch {
    return [key, value]
  }
}

async function secretValue(cli: Cli, key: string): Promise<string> {
  const answer = cli.ask.canAsk
    ? await cli.ask.secret({ missing: `the value of ${key}`, question: `Value of ${key}` })
    : (await text(process.stdin)).replace(/\r?\n$/, '')
  if (answer === undefined || answer === '') throw new UsageError(`missing the value of ${JSON.stringify(key)}`, 'MISSING_ANSWER')
  return answer
}

function parseDocument(json: string): Tree {
  try {
    const document: unknown = JSON.parse(json)
    if (isGroup(document)) return document
  } catch {
    // The error of JSON.parse quotes the text, which may hold a secret.
  }
  throw new UsageError('the standard input must be an object of JSON, such as { "limits": { "seats": 25 } }')
}
