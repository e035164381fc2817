/** Label maps written by Pillow 13: grey with filtered lines, and a palette of 2 bits a pixel. */
export const FILES = [
  {
    width: 16,
    height: 9,
    value: (/** @type {number} */ x, /** @type {number} */ y) => 3 * x + y,
    base64:
      "iVBORw0KGgoAAAANSUhEUgAAABAAAAAJCAAAAAAeQfPuAAAAEklEQVR4nGNkYEYFTIxoYIAEAEFKAL/7T6cQAAAAAElFTkSuQmCC",
  },
  {
    width: 13,
    height: 9,
    value: (/** @type {number} */ x, /** @type {number} */ y) => (x + y) % 4,
    base64:
      "iVBORw0KGgoAAAANSUhEUgAAAA0AAAAJAgMAAACUFE75AAAADFBMVEUAAAABAQECAgIDAwNlLK4/AAAAH0lEQVR4nGOUZmB4yhLIwHCFxZWBQYTxGAPDL0ZcYgDMkQmSK/a8ZQAAAABJRU5ErkJggg==",
  },
];
