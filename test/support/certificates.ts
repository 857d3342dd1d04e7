// Authorities and certificates for a day, made by openssl.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Certificate {
  readonly cert: string
  readonly key: string
  /** The same, read. */
  readonly certPem: string
  readonly keyPem: string
}

const FRESH_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** An authority in `folder`, and certificates that it signs. */
export class Authority {
  readonly ca: string
  readonly caPem: string
  readonly #folder: string
  readonly #name: string
  readonly #key: string

  constructor(folder: string, name: string) {
    this.#folder = folder
    this.#name = name
    this.ca = join(folder, `${name}.pem`)
    this.#key = join(folder, `${name}-key.pem`)
    openssl([
      'req',
      '-x509',
      ...FRESH_KEY,
      '-days',
      '1',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      this.#key,
      '-out',
      this.ca,
    ])
    this.caPem = readFileSync(this.ca, 'utf8')
  }

  /** `names` as in a certificate: `DNS:redis.test`, `IP:127.0.0.1`. */
  sign(name: string, names: readonly string[]): Certificate {
    const at = (suffix: string): string => join(this.#folder, `${this.#name}-${name}${suffix}`)
    const [cert, key, request, extensions] = [at('.pem'), at('-key.pem'), at('.csr'), at('.ext')]
    writeFileSync(extensions, `subjectAltName=${names.join(',')}\n`)
    openssl(['req', ...FRESH_KEY, '-subj', `/CN=${name}`, '-keyout', key, '-out', request])
    const authority = ['-CA', this.ca, '-CAkey', this.#key, '-CAcreateserial']
    openssl([
      'x509',
      '-req',
      '-days',
      '1',
      '-in',
      request,
      ...authority,
      '-extfile',
      extensions,
      '-out',
      cert,
    ])
    return { cert, key, certPem: readFileSync(cert, 'utf8'), keyPem: readFileSync(key, 'utf8') }
  }
}

function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' })
}
