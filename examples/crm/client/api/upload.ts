/** One file to the server, with how much of it is there; `fetch` does not tell. */
import { answerOf, ApiError } from './fetch.ts'

export interface Upload<T> {
  readonly answer: Promise<T>
  cancel(): void
}

/** @param fields sent in front of the file, as the server needs them first */
export function uploadFile<T>(
  path: string,
  file: File,
  fields: Readonly<Record<string, string>>,
  onProgress: (fraction: number) => void,
): Upload<T> {
  const request = new XMLHttpRequest()
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  form.append('file', file, file.name)
  const answer = new Promise<T>((resolve, reject) => {
    request.upload.addEventListener('progress', ({ loaded, total }) => onProgress(total === 0 ? 0 : loaded / total))
    request.addEventListener('load', () => {
      try {
        resolve(answerOf<T>(request.status, request.responseText))
      } catch (error) {
        reject(error)
      }
    })
    request.addEventListener('error', () =>
      reject(new ApiError(0, { code: 'NO_ANSWER', message: `${file.name} could not be sent.` })),
    )
    request.addEventListener('abort', () =>
      reject(new ApiError(0, { code: 'CANCELLED', message: `${file.name} was cancelled.` })),
    )
  })
  request.open('POST', path)
  request.send(form)
  return { answer, cancel: () => request.abort() }
}
