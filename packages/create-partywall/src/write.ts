/** Writes a project as a whole or not at all. No file is overwritten. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Target } from './target.ts'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** @throws Error of the file system; then the folder is as it was */
export function writeProject(target: Target, files: ReadonlyMap<string, string>): void {
  // Until the end no signal ends the process. All of it is one turn of the event loop, and some milliseconds.
  for (const signal of signals) process.on(signal, wait)
  try {
    if (target.exists) writeInto(target.folder, files)
    else writeNew(target.folder, files)
  } finally {
    for (const signal of signals) process.off(signal, wait)
  }
}

function wait(): void {}

/** Beside its place, and then moved there: a kill leaves no half of it under its name. */
function writeNew(folder: string, files: ReadonlyMap<string, string>): void {
  const parent = dirname(folder)
  const made = mkdirSync(parent, { recursive: true })
  let draft: string | undefined
  try {
    draft = mkdtempSync(join(parent, `.${basename(folder)}-`))
    writeFiles(draft, files)
    // Refused where another program has put something there meanwhile.
    renameSync(draft, folder)
  } catch (error) {
    if (draft !== undefined) rmSync(draft, { recursive: true, force: true })
    if (made !== undefined) rmSync(made, { recursive: true, force: true })
    throw error
  }
}

/** An empty folder stays itself, because the caller's shell may be in it. */
function writeInto(folder: string, files: ReadonlyMap<string, string>): void {
  const written: string[] = []
  try {
    writeFiles(folder, files, written)
  } catch (error) {
    for (const path of written.toReversed()) rmSync(path, { recursive: true, force: true })
    throw error
  }
}

/** @param written gets each file and each folder that was made */
function writeFiles(folder: string, files: ReadonlyMap<string, string>, written: string[] = []): void {
  for (const [path, text] of files) {
    const file = join(folder, path)
    const made = mkdirSync(dirname(file), { recursive: true })
    if (made !== undefined) written.push(made)
    writeFileSync(file, text, { flag: 'wx' })
    written.push(file)
  }
}
