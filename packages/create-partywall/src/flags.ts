/** The command line of create-partywall. */
import { parseArgs } from 'node:util'
import { auths, frameworks, keysOf, orms, type Auth, type Framework, type Orm } from './choices.ts'
import { Failure } from './failure.ts'

export interface Flags {
  readonly folder: string | undefined
  readonly framework: Framework | undefined
  readonly orm: Orm | undefined
  readonly auth: Auth | undefined
  readonly yes: boolean
  readonly install: boolean
  readonly help: boolean
  readonly version: boolean
}

export const help = `Usage: npm create partywall@latest [folder] -- [options]

Starts a project with partywall: each tenant has its own PostgreSQL schema.

  --framework <name>  ${keysOf(frameworks).join(', ')}
  --orm <name>        ${keysOf(orms).join(', ')}
  --auth <name>       ${keysOf(auths).join(', ')}
  --yes, -y           take the first of each that is not given, without questions
  --install           install the dependencies, too
  --help, --version

On a terminal, what is missing is asked.

  npm create partywall@latest my-app -- --framework hono --orm drizzle --auth better-auth
`

const options = {
  framework: { type: 'string' },
  orm: { type: 'string' },
  auth: { type: 'string' },
  yes: { type: 'boolean', short: 'y', default: false },
  install: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
  version: { type: 'boolean', short: 'v', default: false },
} as const

/** @throws Failure for a call that is wrong */
export function flagsOf(args: readonly string[]): Flags {
  const { values, positionals } = parsed(args)
  if (positionals.length > 1) throw new Failure(`There is one folder, and ${positionals.length} were given.`, 2)
  const { yes, install, help: asksHelp, version } = values
  return {
    folder: positionals[0],
    framework: oneOf('--framework', values.framework, keysOf(frameworks)),
    orm: oneOf('--orm', values.orm, keysOf(orms)),
    auth: oneOf('--auth', values.auth, keysOf(auths)),
    yes,
    install,
    help: asksHelp,
    version,
  }
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    throw new Failure((error as Error).message, 2)
  }
}

function oneOf<T extends string>(flag: string, given: string | undefined, known: readonly T[]): T | undefined {
  if (given === undefined) return undefined
  const found = known.find((one) => one === given)
  if (found === undefined) throw new Failure(`${flag} is one of ${known.join(', ')}.`, 2)
  return found
}
