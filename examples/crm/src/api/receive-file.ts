/** One file of a form, as a stream, with the fields that stand before it. It is never in memory as a whole. */
import type { Readable } from 'node:stream'
import busboy from 'busboy'
import type { Request } from 'express'
import { ApiProblem } from './problems.ts'

export interface ReceivedFile {
  readonly fields: Readonly<Record<string, string>>
  /** As the client calls it: any text. */
  readonly name: string
  /** Fails with FILE_TOO_LARGE, and when the form is broken or the connection ends too early. */
  readonly stream: Readable
}

export async function receiveFile<T>(req: Request, mostBytes: number, use: (file: ReceivedFile) => Promise<T>): Promise<T> {
  const form = openForm(req, mostBytes)
  return await new Promise<T>((resolve, reject) => {
    const fields: Record<string, string> = {}
    let used: Promise<T> | undefined
    let opened: Readable | undefined
    const fail = (error: unknown): void => {
      opened?.destroy(error as Error)
      reject(error)
      req.unpipe(form)
      // The rest of the request is read and dropped, so that the client gets the answer.
      req.resume()
    }
    form.on('field', (name, value, { nameTruncated, valueTruncated }) => {
      if (nameTruncated || valueTruncated)
        return fail(new ApiProblem(400, 'UNREADABLE_REQUEST', 'A field of the form is too long.'))
      fields[name] = value
    })
    form.on('file', (_field, stream, { filename }) => {
      opened = stream
      // The reader of the stream is told, if there is one by then. Without a listener the error would end the process.
      stream.on('error', () => {})
      stream.on('limit', () =>
        fail(new ApiProblem(413, 'FILE_TOO_LARGE', `A file may have ${Math.floor(mostBytes / 1024 / 1024)} MB.`)),
      )
      used = use({ fields: { ...fields }, name: filename ?? 'file', stream })
      used.then(resolve, fail)
    })
    form.on('filesLimit', () => fail(new ApiProblem(400, 'UNREADABLE_REQUEST', 'A form has one file.')))
    form.on('error', () => fail(new ApiProblem(400, 'UNREADABLE_REQUEST', 'The form cannot be read.')))
    form.on('close', () => {
      if (used === undefined) fail(new ApiProblem(400, 'UNREADABLE_REQUEST', 'The form has no file.'))
    })
    req.on('aborted', () => fail(new ApiProblem(400, 'UNREADABLE_REQUEST', 'The request ended too early.')))
    req.pipe(form)
  })
}

function openForm(req: Request, mostBytes: number): busboy.Busboy {
  try {
    return busboy({
      headers: req.headers,
      defParamCharset: 'utf8',
      limits: { files: 1, fileSize: mostBytes, fields: 10, fieldSize: 200, fieldNameSize: 50, parts: 12 },
    })
  } catch {
    throw new ApiProblem(415, 'UNREADABLE_REQUEST', 'Send a form with a file: multipart/form-data.')
  }
}
