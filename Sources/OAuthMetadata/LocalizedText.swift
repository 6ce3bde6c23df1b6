/// A human-readable member and its translations (`name#lang`, RFC 9728 §2.1, RFC 7591 §2.2).
public struct LocalizedText<Value: Sendable & Hashable>: Sendable, Hashable {
    /// The value without a language tag.
    public var value: Value?
    /// The translations in order, each with its language tag.
    public var translations: [Translation]

    /// One translation.
    public struct Translation: Sendable, Hashable {
        /// The language tag (BCP 47), such as `de`.
        public var language: String
        /// The value in that language.
        public var value: Value

        /// Makes a translation.
        public init(language: String, value: Value) {
            self.language = language
            self.value = value
        }
    }

    /// Makes a text from a value and translations.
    public init(_ value: Value? = nil, translations: [Translation] = []) {
        self.value = value
        self.translations = translations
    }
}

extension LocalizedText {
    mutating func add(_ language: String, _ value: Value?) {
        if let value { translations.append(Translation(language: language, value: value)) }
    }

    func write(_ name: String, to writer: inout MetadataWriter, _ text: (Value) -> String) {
        writer.write(name, value.map(text))
        for translation in translations { writer.write("\(name)#\(translation.language)", text(translation.value)) }
    }
}
