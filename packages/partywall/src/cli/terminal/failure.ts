/** A failure as people and programs see it: the exit code, the message, the document. Never a password, never a stack without a message. */
import { CommanderError } from 'commander'
import {
  addressOf,
  errorCodes,
  isTenancyError,
  tenancyErrorOf,
  type AnyTenancyError,
  type TenancyErrorCode,
} from '../../errors.ts'
import { adviceOn } from './advice.ts'
import { inCliWords } from './cli-words.ts'
import { serverLines, serverWords } from './server-words.ts'
import { signalNumbers, type SignalName } from './signals.ts'

export type UsageErrorCode = 'USAGE' | 'MISSING_ANSWER' | 'CONFIG_NOT_FOUND' | 'CONFIG_INVALID'

/** The call or the configuration is wrong; nothing was done. */
export class UsageError extends Error {
  readonly code: UsageErrorCode | TenancyErrorCode

  constructor(message: string, code: UsageErrorCode | TenancyErrorCode = 'USAGE', options: { cause?: unknown } = {}) {
    super(message, options)
    this.code = code
  }

  /** An error that a config file caused, with the name of the file. */
  static inConfig(file: string, cause: unknown): UsageError {
    const known = knownIn(cause)
    return new UsageError(`${file}: ${textOf(known)}`, refusalIn(cause)?.code ?? 'CONFIG_INVALID', { cause: known })
  }
}

/** How a program that a command started has ended. */
export interface ProgramEnd {
  readonly exitCode: number | null
  readonly signal?: NodeJS.Signals
}

/** A program that a command started has failed. What it wrote is on the terminal already. */
export class ProgramFailed extends Error {
  readonly end: ProgramEnd

  constructor(end: ProgramEnd) {
    super(
      end.signal === undefined ? `The program ended with exit code ${end.exitCode}.` : `The program was ended by ${end.signal}.`,
    )
    this.end = end
  }
}

/** Ended by a signal, or by Ctrl-C at a prompt. */
export class Interrupted extends Error {
  readonly signal: SignalName

  /** @param statement what is known about the statement that ran */
  constructor(signal: SignalName = 'SIGINT', statement?: 'cancelled' | 'unanswered') {
    super(`Interrupted by ${signal}.${statement === undefined ? '' : ` ${statementEnds[statement]}`}`)
    this.signal = signal
  }
}

const statementEnds = {
  cancelled: 'The statement that ran was cancelled and rolled back.',
  unanswered: 'The server has not confirmed that the statement that ran is cancelled: it may still be completed.',
}

/** Refused for the form of the call, before anything was done. */
const wrongUsage: ReadonlySet<string> = new Set<TenancyErrorCode>([
  'INVALID_OPTION',
  'INVALID_ARGUMENT',
  'INVALID_TENANT_NAME',
  'UNKNOWN_KIND',
  'INVALID_SCHEMA_NAME',
  'INVALID_DOMAIN',
  'INVALID_ATTRIBUTES',
  'INVALID_SETTINGS',
  'INVALID_TENANT_REF',
])

/** The error of a statement that was cancelled by request. */
export function isCancelled(error: unknown): boolean {
  return serverWords(error).sqlState === '57014'
}

export function exitCodeOf(thrown: unknown): number {
  const error = knownIn(thrown)
  if (error === undefined) return 0
  if (error instanceof Interrupted) return 128 + signalNumbers[error.signal]
  // Help and version were asked for; every other error of commander is about the arguments.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (error instanceof UsageError) return 2
  return wrongUsage.has(refusalIn(error)?.code ?? '') ? 2 : 1
}

export interface ErrorDocument {
  readonly code: string
  readonly message: string
  /** The address of the page about the code. */
  readonly docs?: string
  /** The SQLSTATE of PostgreSQL. */
  readonly sqlState?: string
  /** The HINT, the DETAIL and the line of SQL that the caller has typed; of a migration only a hint that repeats no rows. */
  readonly hint?: string
  readonly detail?: string
  readonly line?: number
  readonly details?: unknown
  /** The message of the error behind it. */
  readonly cause?: string
}

/** The document on stdout when there is no result. */
export function errorDocument(error: unknown): { error: ErrorDocument } {
  return { error: toDocument(error) }
}

/** One error, for programs. */
export function toDocument(thrown: unknown): ErrorDocument {
  const error = knownIn(thrown)
  const details = jsonOf(refusalIn(error)?.details ?? {})
  const docs = docsOf(error)
  const cause = causeOf(error)
  return {
    code: codeOf(error),
    message: messageOf(error),
    ...(docs !== undefined && { docs }),
    ...serverWords(error),
    ...(details !== undefined && { details }),
    ...(cause !== undefined && { cause }),
  }
}

/** One error among others, for people: `error CODE: message`, and the error of PostgreSQL or Node behind it. */
export function describeFailure(error: unknown): string {
  return linesOf(error, { docs: undefined, hasStack: codeOf(error) === 'UNEXPECTED' })
}

/** The error that ended a command, for people: also the address of the page about it, and with --verbose its stack. */
export function describeEnd(error: unknown, isVerbose: boolean): string {
  return linesOf(error, { docs: docsOf(error), hasStack: isVerbose || codeOf(error) === 'UNEXPECTED' })
}

function linesOf(thrown: unknown, { docs, hasStack }: { readonly docs: string | undefined; readonly hasStack: boolean }): string {
  const error = knownIn(thrown)
  const cause = causeOf(error)
  const message = messageOf(error)
  return [
    `error ${codeOf(error)}: ${message}`,
    ...(cause === undefined ? [] : [`  cause: ${cause}`]),
    ...serverLines(serverWords(error), message),
    ...(docs === undefined ? [] : [`  docs: ${docs}`]),
    ...(hasStack ? stacksOf(error) : []),
  ].join('\n')
}

/** What is wrong and what to do, in the words of the command line. */
export function messageOf(thrown: unknown): string {
  const error = knownIn(thrown)
  return hidePasswords(textOf(error) || (error as Error).name)
}

/** What a library put around a TenancyError says less than that, and may hold statements with their values. */
function knownIn(error: unknown): unknown {
  return refusalIn(error) ?? error
}

/** Not inside the errors of the command line: those say more than the TenancyError that caused them. */
function refusalIn(error: unknown): AnyTenancyError | undefined {
  const isOwn = error instanceof UsageError || error instanceof CommanderError || error instanceof Interrupted
  return isOwn ? undefined : tenancyErrorOf(error)
}

function textOf(error: unknown): string {
  const refusal = refusalIn(error)
  if (refusal !== undefined) return inCliWords(refusal) + adviceOn(refusal)
  if (error instanceof CommanderError) return commanderMessage(error)
  return error instanceof Error ? error.message : String(error)
}

/** A connection string in a message of another library keeps all but its password. */
function hidePasswords(text: string): string {
  return text
    .replaceAll(/\b([a-z][a-z0-9+.-]*:\/\/[^\s:@/"']*):[^\s"']*@/gi, '$1:***@')
    .replaceAll(/\b(password=)[^&\s"']+/gi, '$1***')
}

function commanderMessage({ code, message }: CommanderError): string {
  if (code === 'commander.help') return 'a command is missing; the help lists the commands.'
  return message.replace(/^error: /, '').replaceAll('\n', ' ')
}

function codeOf(thrown: unknown): string {
  const error = knownIn(thrown)
  if (error instanceof UsageError) return error.code
  if (error instanceof CommanderError) return 'USAGE'
  if (error instanceof Interrupted) return 'INTERRUPTED'
  if (error instanceof ProgramFailed) return 'PROGRAM_FAILED'
  const refusal = refusalIn(error)
  if (refusal !== undefined) return refusal.code
  if (serverWords(error).sqlState !== undefined) return 'DATABASE_ERROR'
  // Errors of the file system have codes of their own: EACCES, ENOSPC, …
  const { code, syscall } = Object(error) as { code?: unknown; syscall?: unknown }
  return typeof code === 'string' && syscall !== undefined ? code : 'UNEXPECTED'
}

function docsOf(error: unknown): string | undefined {
  const code = codeOf(error)
  return Object.hasOwn(errorCodes, code) ? addressOf(code as TenancyErrorCode) : undefined
}

/** The message of the cause, unless the message holds it. What a migration was refused for is in its message, in the words for its file. */
function causeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !(error.cause instanceof Error)) return undefined
  if (isTenancyError(error, 'MIGRATION_FAILED') && isTenancyError(error.cause)) return undefined
  const cause = messageOf(error.cause)
  return cause === '' || messageOf(error).includes(cause) ? undefined : cause
}

function stacksOf(error: unknown): string[] {
  const stacks: string[] = []
  for (let at = error; at instanceof Error && stacks.length < 5; at = at.cause) stacks.push(hidePasswords(at.stack ?? ''))
  return stacks
}

/** Details as JSON, or undefined when there are none that JSON can hold. */
function jsonOf(details: object): unknown {
  try {
    const json = JSON.stringify(details, (_, value: unknown) => (typeof value === 'string' ? hidePasswords(value) : value))
    return json === '{}' ? undefined : JSON.parse(json)
  } catch {
    return undefined
  }
}
