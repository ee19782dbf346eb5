/** Where the project goes, and how it is called: checked before anything is asked or written. */
import { lstatSync, readdirSync } from 'node:fs'
import { basename, relative, resolve } from 'node:path'
import { Failure } from './failure.ts'

export interface Target {
  readonly folder: string
  readonly name: string
  /** The folder is there, and empty. */
  readonly exists: boolean
}

/** @throws Failure for a name that npm refuses, and for a folder that is not empty */
export function targetOf(given: string): Target {
  const problem = targetProblem(given)
  if (problem !== undefined) throw new Failure(problem, 2)
  const folder = resolve(given.trim())
  return { folder, name: basename(folder), exists: lstatSync(folder, { throwIfNoEntry: false }) !== undefined }
}

/** Why this cannot be the folder of a project; undefined: it can. */
export function targetProblem(given: string): string | undefined {
  if (given.trim() === '' || given.includes('\0')) return 'Name a folder, such as my-app.'
  const folder = resolve(given.trim())
  const problem = nameProblem(basename(folder))
  if (problem !== undefined) return problem
  const shown = relative(process.cwd(), folder) || 'This folder'
  try {
    const found = lstatSync(folder, { throwIfNoEntry: false })
    if (found === undefined) return undefined
    if (!found.isDirectory()) return `${shown} exists, and is no folder.`
    return readdirSync(folder).length === 0 ? undefined : `${shown} is not empty. Choose another name: no file is overwritten.`
  } catch (error) {
    return `${shown} cannot be used: ${(error as Error).message}`
  }
}

/** As npm has it: the name of the folder is the name of the package. */
function nameProblem(name: string): string | undefined {
  if (!/^[a-z\d][a-z\d._-]*$/.test(name))
    return `"${printable(name)}" cannot be the name of a package: it needs lower-case letters, digits, - . and _, and begins with a letter or a digit.`
  if (name.length > 100) return 'The name has more than 100 characters.'
  if (name === 'node_modules' || name === 'favicon.ico' || name === 'partywall')
    return `"${name}" cannot be the name of a package that you start.`
  return undefined
}

/** A name with control characters must not steer the terminal. */
function printable(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '?').slice(0, 100)
}
