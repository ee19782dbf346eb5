/** server.json: how the processes of a project find their supervisor. Only its owner may read it, because of the secret. */
import { rename, readFile, rm, writeFile } from 'node:fs/promises'

export interface ServerFile {
  /** What the supervisor sends first on each connection: another program may have the port of a stale file by now. */
  readonly id: string
  /** What a process must send to hold the server. */
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
    // The file of another user is not the same as no file: starting a second supervisor would not help.
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
