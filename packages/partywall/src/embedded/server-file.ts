/** server.json: how the processes of a project find their supervisor. Only its owner may read it, because of the secret. */
import { rename, readFile, rm, writeFile } from 'node:fs/promises'

export interface ServerFile {
  /** What the supervisor says first on each connection: a stale file may name a port that is somebody else's now. */
  readonly id: string
  /** What a process must say to hold the server. */
  readonly secret: string
  /** The loopback port of the holds, not of PostgreSQL. */
  readonly holdPort: number
  readonly supervisorPid: number
}

export async function readServerFile(path: string): Promise<ServerFile | undefined> {
  try {
    const file = JSON.parse(await readFile(path, 'utf8')) as ServerFile
    return typeof file.id === 'string' && Number.isInteger(file.holdPort) ? file : undefined
  } catch (error) {
    // Somebody else's file is not the same as no file: starting a second supervisor would not help.
    if ((error as NodeJS.ErrnoException).code === 'EACCES') throw error
    return undefined
  }
}

export async function writeServerFile(path: string, file: ServerFile): Promise<void> {
  const draft = `${path}.${process.pid}`
  await writeFile(draft, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 })
  await rename(draft, path)
}

export async function removeServerFile(path: string): Promise<void> {
  await rm(path, { force: true })
}
