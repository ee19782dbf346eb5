/** Errors of migrations for people: what is in the record of the catalog, and no value of a row. */
import { tenancyErrorOf, type RecordedError } from 'partywall'
import type { RunError } from './api.ts'

const longest = 4000

export function runErrorOf(error: unknown): RunError {
  const known = tenancyErrorOf(error)
  if (known === undefined)
    return { message: `An error (${error instanceof Error ? error.name : 'unknown'}); see the log of the process.` }
  const { file, line, statement, sqlState } = known.details as Partial<Record<string, unknown>>
  return shown({ code: known.code, message: known.summary, file, line, statement, sqlState })
}

export function recordedErrorOf({ code, message, name, sqlState, file, line, statement }: RecordedError): RunError {
  return shown({ code, message: message ?? `An error (${name ?? 'unknown'}).`, file, line, statement, sqlState })
}

function shown({ code, message, file, line, statement, sqlState }: Record<string, unknown>): RunError {
  return {
    message: cut(String(message)),
    ...(typeof code === 'string' && { code }),
    ...(typeof file === 'string' && { file: shortPath(file) }),
    ...(typeof line === 'number' && { line }),
    ...(typeof statement === 'string' && { statement: cut(statement) }),
    ...(typeof sqlState === 'string' && { sqlState }),
  }
}

function cut(text: string): string {
  return text.length > longest ? `${text.slice(0, longest).toWellFormed()} …` : text
}

/** The folder of the source and the file: where the folder lies is known to the application. */
export function shortPath(file: string): string {
  return file.split(/[\\/]/).slice(-2).join('/')
}
