/** What went wrong, told to people and programs: the exit code, the message, the document. Never a password, never a bare stack. */
import { CommanderError } from 'commander'
import { isTenancyError, type TenancyErrorCode } from '../../errors.ts'
import { signalNumbers, type SignalName } from './signals.ts'

export type UsageErrorCode = 'USAGE' | 'MISSING_ANSWER' | 'CONFIG_NOT_FOUND' | 'CONFIG_INVALID'

/** The call or the configuration is wrong; nothing was tried. */
export class UsageError extends Error {
  readonly code: UsageErrorCode | TenancyErrorCode

  constructor(message: string, code: UsageErrorCode | TenancyErrorCode = 'USAGE', options: { cause?: unknown } = {}) {
    super(message, options)
    this.code = code
  }

  /** What a config file led to, with the name of the file. */
  static inConfig(file: string, cause: unknown): UsageError {
    const message = cause instanceof Error ? cause.message : String(cause)
    return new UsageError(`${file}: ${message}`, isTenancyError(cause) ? cause.code : 'CONFIG_INVALID', { cause })
  }
}

/** Ended by a signal, or by Ctrl-C at a question. */
export class Interrupted extends Error {
  readonly signal: SignalName

  constructor(signal: SignalName = 'SIGINT') {
    super(`Interrupted by ${signal}.`)
    this.signal = signal
  }
}

/** Refused for its form, before anything was tried. */
const wrongUsage: ReadonlySet<string> = new Set<TenancyErrorCode>([
  'INVALID_OPTION',
  'INVALID_ARGUMENT',
  'INVALID_TENANT_NAME',
  'UNKNOWN_KIND',
  'INVALID_SCHEMA_NAME',
  'INVALID_DOMAIN',
  'INVALID_ATTRIBUTES',
  'INVALID_TENANT_REF',
])

export function exitCodeOf(error: unknown): number {
  if (error === undefined) return 0
  if (error instanceof Interrupted) return 128 + signalNumbers[error.signal]
  // Help and version were asked for; all else that commander throws is about the arguments.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (error instanceof UsageError) return 2
  return isTenancyError(error) && wrongUsage.has(error.code) ? 2 : 1
}

export interface ErrorDocument {
  readonly code: string
  readonly message: string
  /** What PostgreSQL calls it. */
  readonly sqlState?: string
  readonly details?: unknown
  /** The message of the error behind it. */
  readonly cause?: string
}

/** The document that stands on stdout in the place of a result. */
export function errorDocument(error: unknown): { error: ErrorDocument } {
  return { error: toDocument(error) }
}

/** One error, for programs. */
export function toDocument(error: unknown): ErrorDocument {
  const details = isTenancyError(error) ? jsonOf(error.details) : undefined
  const sqlState = sqlStateBehind(error)
  const cause = causeOf(error)
  return {
    code: codeOf(error),
    message: messageOf(error),
    ...(sqlState !== undefined && { sqlState }),
    ...(details !== undefined && { details }),
    ...(cause !== undefined && { cause }),
  }
}

/** One error, for people: `error CODE: message`, and what PostgreSQL or Node said behind it. */
export function describeFailure(error: unknown, isVerbose = false): string {
  const code = codeOf(error)
  const cause = causeOf(error)
  const lines = [`error ${code}: ${messageOf(error)}`]
  if (cause !== undefined) lines.push(`  cause: ${cause}`)
  if (isVerbose || code === 'UNEXPECTED') lines.push(...stacksOf(error))
  return lines.join('\n')
}

export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  const message = error instanceof CommanderError ? commanderMessage(error) : text
  return hidePasswords(message || (error as Error).name)
}

/** A connection string in somebody's message shows all but its password. */
function hidePasswords(text: string): string {
  return text
    .replaceAll(/\b([a-z][a-z0-9+.-]*:\/\/[^\s:@/"']*):[^\s"']*@/gi, '$1:***@')
    .replaceAll(/\b(password=)[^&\s"']+/gi, '$1***')
}

function commanderMessage({ code, message }: CommanderError): string {
  if (code === 'commander.help') return 'a command is missing; the help lists them.'
  return message.replace(/^error: /, '').replaceAll('\n', ' ')
}

function codeOf(error: unknown): string {
  if (error instanceof UsageError || isTenancyError(error)) return error.code
  if (error instanceof CommanderError) return 'USAGE'
  if (error instanceof Interrupted) return 'INTERRUPTED'
  if (sqlStateBehind(error) !== undefined) return 'DATABASE_ERROR'
  // What the file system refuses, Node names well: EACCES, ENOSPC, …
  const { code, syscall } = Object(error) as { code?: unknown; syscall?: unknown }
  return typeof code === 'string' && syscall !== undefined ? code : 'UNEXPECTED'
}

/** PostgreSQL's own errors carry five letters; node-postgres marks them with a severity. */
function sqlStateBehind(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  const { code, severity, cause } = error as { code?: unknown; severity?: unknown; cause?: unknown }
  if (typeof code === 'string' && typeof severity === 'string') return code
  return isTenancyError(error) ? sqlStateBehind(cause) : undefined
}

/** The message behind the message, unless it says the same. */
function causeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !(error.cause instanceof Error)) return undefined
  const cause = messageOf(error.cause)
  return cause === '' || messageOf(error).includes(cause) ? undefined : cause
}

function stacksOf(error: unknown): string[] {
  const stacks: string[] = []
  for (let at = error; at instanceof Error && stacks.length < 5; at = at.cause) stacks.push(hidePasswords(at.stack ?? ''))
  return stacks
}

/** Details as JSON can carry them, or undefined when there is nothing to carry. */
function jsonOf(details: object): unknown {
  try {
    const json = JSON.stringify(details, (_, value: unknown) => (typeof value === 'string' ? hidePasswords(value) : value))
    return json === '{}' ? undefined : JSON.parse(json)
  } catch {
    return undefined
  }
}
