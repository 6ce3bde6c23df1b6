internal import JOSE
internal import WireFormat

/// The style of the pages: one text, which the Content-Security-Policy names by its digest.
enum ConsentStyle {
    static let text = """
        :root{color-scheme:light dark;--ink:#1c2024;--soft:#5b6570;--paper:#fff;--ground:#f2f4f7;--line:#d8dee5;\
        --accent:#1a5fb4;--accent-ink:#fff;--good:#1b6e3c;--good-ground:#e3f4e9;--warn:#7a4b00;--warn-ground:#fff3d6}
        @media (prefers-color-scheme:dark){:root{--ink:#e8ecf0;--soft:#a3adb8;--paper:#1d2126;--ground:#121518;\
        --line:#39414a;--accent:#78aeed;--accent-ink:#0c1a2b;--good:#8fe0ae;--good-ground:#173525;--warn:#ffd98a;\
        --warn-ground:#3a2d0e}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",\
        Roboto,"Helvetica Neue",sans-serif}
        main{max-width:30rem;margin:6vh auto;padding:2rem;background:var(--paper);border:1px solid var(--line);\
        border-radius:14px}
        h1{margin:0 0 .25rem;font-size:1.4rem;line-height:1.3;overflow-wrap:anywhere}
        h2{margin:1.5rem 0 .5rem;font-size:1rem}
        p{margin:.5rem 0}
        .soft{color:var(--soft)}
        .host{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.95rem;overflow-wrap:anywhere}
        .badge{display:inline-block;margin-left:.5rem;padding:.1rem .6rem;border-radius:1rem;font-size:.8rem;\
        font-weight:600;white-space:nowrap}
        .verified{color:var(--good);background:var(--good-ground)}
        .unverified{color:var(--warn);background:var(--warn-ground)}
        .warning{margin:1rem 0;padding:.75rem 1rem;border-radius:10px;color:var(--warn);background:var(--warn-ground)}
        dl{margin:1rem 0;display:grid;grid-template-columns:max-content 1fr;gap:.35rem 1rem}
        dt{color:var(--soft)}
        dd{margin:0}
        ul{margin:.5rem 0;padding-left:1.2rem}
        li{margin:.35rem 0}
        .buttons{display:flex;gap:.75rem;margin-top:1.75rem}
        button{flex:1;min-height:2.9rem;padding:.5rem 1rem;font:inherit;font-weight:600;border-radius:10px;\
        cursor:pointer;        border:1px solid var(--line);background:transparent;color:var(--ink)}
        button.main{background:var(--accent);border-color:var(--accent);color:var(--accent-ink)}
        button:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
        @media (max-width:34rem){main{margin:0;min-height:100vh;border:0;border-radius:0}}
        """

    /// The source of the style for `style-src` (CSP Level 3 §2.3.1): its SHA-256 digest in base64.
    static let source = "'sha256-\(Base64.encode(Digest.sha256(Array(text.utf8))))'"
}
